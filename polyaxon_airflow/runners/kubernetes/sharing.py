"""Open connections to clusters, shared by the many runs that one process follows."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyaxon_airflow.runners.kubernetes.api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from polyaxon_airflow.runners.kubernetes.access import ClusterAccess

USERS = 16  # of one connection: its client has 100 sockets, and a run takes a watch and the logs of its containers


@dataclass
class _Seat:
    """One connection and how many use it."""

    access: ClusterAccess
    users: int = 0
    api: Api | None = None
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def opened(self) -> Api:
        async with self.opening:
            if self.api is None:
                self.api = await Api(self.access.connect).__aenter__()
            return self.api

    async def close(self) -> None:
        if self.api is not None:
            await self.api.__aexit__(None, None, None)


class SharedApis:
    """Connections that are open while somebody uses them. For one event loop.

    Each costs a context of TLS with all known authorities, a tenth of a second and a megabyte.
    """

    def __init__(self) -> None:
        self._seats: list[_Seat] = []

    @asynccontextmanager
    async def use(self, access: ClusterAccess) -> AsyncIterator[Api]:
        """An open connection to a cluster, which others may use too."""
        seat = self._seat(access)
        seat.users += 1
        try:
            yield await seat.opened()
        finally:
            seat.users -= 1
            if not seat.users:
                self._seats.remove(seat)
                await seat.close()

    def _seat(self, access: ClusterAccess) -> _Seat:
        for seat in self._seats:
            if seat.access == access and seat.users < USERS:
                return seat
        self._seats.append(_Seat(access))
        return self._seats[-1]
