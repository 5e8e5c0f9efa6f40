"""The log of one container, live, each line once, across dropped connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from polyaxon_airflow.runners.kubernetes.api import ApiRefusedError, ApiUnavailableError
from polyaxon_airflow.runners.lines import LineSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from polyaxon_airflow.runners.kubernetes.api import Api

SILENCE = 600.0  # seconds without a line after which the connection is taken for dead and opened again
BACK_OFF = 0.5  # seconds before a log that ended early is opened again


async def log_lines(
    api: Api, pod: str, container: str, *, is_over: Callable[[], bool], since: str | None = None
) -> AsyncIterator[list[bytes]]:
    """Batches of lines of a container, until its log ends and `is_over` says that its process has too.

    `pod` is the path of the pod. With `since`, a time as Kubernetes writes it, lines of that time and before
    are left out.
    """
    position = _Position(since)
    while True:
        final = is_over()  # asked before reading: the log is whole if the process had ended by then
        try:
            async for batch in _read(api, pod, container, position):
                yield batch
        except ApiUnavailableError:
            final = False
        except ApiRefusedError as refusal:
            if refusal.status not in {400, 404}:  # not started yet, or no longer there
                raise
        if final:
            return
        await asyncio.sleep(BACK_OFF)


class _Position:
    """How far a log was read: the time of the last line, and how many lines had just that time.

    A server may give lines from the whole second of `sinceTime` on, and a node's clock may step back.
    """

    def __init__(self, since: str | None) -> None:
        self.stamp = since
        self._count = float("inf") if since else 0.0
        self._resuming = False
        self._known = 0.0  # lines of that time that are still to be left out

    def resume(self) -> None:
        self._resuming, self._known = True, self._count

    def is_new(self, stamp: str) -> bool:
        if self._resuming and self.stamp is not None:
            if _key(stamp) < _key(self.stamp):
                return False
            if _key(stamp) == _key(self.stamp) and self._known > 0:
                self._known -= 1
                return False
        self._resuming = False
        self._count = self._count + 1 if stamp == self.stamp else 1.0
        self.stamp = stamp
        return True


async def _read(api: Api, pod: str, container: str, position: _Position) -> AsyncIterator[list[bytes]]:
    query = {"container": container, "follow": "true", "timestamps": "true"}
    if position.stamp:
        query["sinceTime"] = position.stamp
        position.resume()
    lines = LineSplitter()
    async with api.stream(f"{pod}/log", query, silence=SILENCE) as chunks:
        async for chunk in chunks:
            if batch := _new(lines.feed(chunk), position):
                yield batch
        if batch := _new(lines.feed(b""), position):
            yield batch


def _new(lines: list[bytes], position: _Position) -> list[bytes]:
    stamped = (line.partition(b" ") for line in lines)
    return [text for stamp, _, text in stamped if position.is_new(stamp.decode(errors="replace"))]


def _key(stamp: str) -> tuple[str, str]:
    """Order of times as Kubernetes writes them, which may or may not end their fractions in zeros."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return seconds, fraction.ljust(9, "0")
