"""Pods and other objects that `termination.ttl` has kept on a cluster after the end of their runs, for long enough."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from polyaxon_airflow import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyaxon_airflow.store import RunStore

log = logging.getLogger(__name__)

AT_ONCE = 200  # runs in one go
AGAIN = timedelta(
    hours=1
)  # after which a run is tried again whose cluster did not answer, or is there no more


class Expired:
    """Looks for such runs, and has what is left of them removed."""

    def __init__(
        self,
        store: RunStore,
        remove: Callable[[list[str]], bool],
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """`remove`: begins to remove what is left of runs, by their uuids; False if it is still about others."""
        self._store, self._remove, self._now = store, remove, now
        self._tried: dict[str, datetime] = {}  # uuid -> when

    def look(self) -> None:
        """One look at all runs whose time has come."""
        now, due = self._now(), self._store.kept.due(self._now())
        self._tried = {uuid: self._tried[uuid] for uuid in due if uuid in self._tried}
        first = [uuid for uuid in due if uuid not in self._tried or now - self._tried[uuid] >= AGAIN][
            :AT_ONCE
        ]
        if first and self._remove(first):
            log.info("removing what was kept of ended runs: %s", ", ".join(first))
            self._tried.update(dict.fromkeys(first, now))
