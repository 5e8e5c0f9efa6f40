"""A run on Kubernetes from now to its end: its lines as they come, its stops, and how it ended."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.runners.base import Line, Outcome
from polyaxon_airflow.runners.kubernetes import pods
from polyaxon_airflow.runners.kubernetes.logs import log_lines
from polyaxon_airflow.runners.kubernetes.watching import Version, versions
from polyaxon_airflow.runners.lines import shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from polyaxon_airflow.runners.kubernetes.api import Api, Object

DRAIN = 10.0  # seconds that the last lines of an ended run may take
LOST = (
    60.0  # seconds past its grace period after which a pod that is being deleted counts as lost with its node
)


class Patience(NamedTuple):
    """How long a run may wait for what may never come."""

    start: float = 120.0  # seconds for an image that cannot be pulled, or a container that cannot be made
    server: float = 300.0  # seconds for an API server that does not answer


PATIENCE = Patience()


class PodPlace(NamedTuple):
    """Where one pod is."""

    namespace: str
    name: str
    uid: str
    main: str  # the container that decides

    @property
    def collection(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.name}"


@dataclass(frozen=True)
class Listener:
    """Who wants to hear of a run."""

    on_lines: Callable[[Sequence[Line]], Awaitable[None]]
    should_stop: Callable[[], Awaitable[str | None]]
    on_state: Callable[[str], Awaitable[None]]  # why the run does not go on, each time it changes
    interval: float = 0.5  # seconds between two questions whether to stop


async def follow_pod(
    api: Api,
    place: PodPlace,
    listener: Listener,
    *,
    grace: float,
    patience: Patience,
    since: str | None = None,
) -> Outcome:
    """Follow a pod to its end; it is not deleted, unless the listener asks for a stop.

    Raises ApiUnavailableError when the API server stays out of reach: the pod then goes on, and can be followed again.
    """
    following = _Following(api, place, listener, grace, patience, since)
    try:
        return await following.run()
    finally:
        await following.close()


@dataclass
class _Following:
    api: Api
    place: PodPlace
    listener: Listener
    grace: float
    patience: Patience
    since: str | None
    news: asyncio.Queue[Version | list[Line] | BaseException] = field(default_factory=asyncio.Queue)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    logs: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # container -> who reads its log
    pod: Object | None = None
    gone: bool = False
    stopped: str | None = None  # the listener's reason
    told: str = ""  # what the run was last said to wait for
    stuck_since: float | None = None

    async def run(self) -> Outcome:
        self._start(self._watch())
        while True:
            await self._hear(self.listener.interval)
            if (outcome := self._outcome()) is not None:
                await self._drain()
                return outcome
            if self.stopped is None and (reason := await self.listener.should_stop()) is not None:
                await self._stop(reason)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    # hearing

    async def _hear(self, seconds: float) -> None:
        """Wait for news, at most so long, and take in all there are."""
        try:
            news = [await asyncio.wait_for(self.news.get(), seconds)]
        except asyncio.TimeoutError:
            return
        while not self.news.empty():
            news.append(self.news.get_nowait())
        lines: list[Line] = []
        for item in news:
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, Version):
                await self._learn(item)
            else:
                lines += item
        if lines:
            await self.listener.on_lines(lines)

    async def _learn(self, version: Version) -> None:
        self.pod, self.gone = version
        if self.pod is None:
            return
        state = pods.read(self.pod, self.place.main)
        for container in state.started:
            if container not in self.logs:
                self.logs[container] = self._start(self._read_log(container))
        if state.waits_for != self.told:
            self.told = state.waits_for
            await self.listener.on_state(state.waits_for)
        if not state.stuck:
            self.stuck_since = None
        elif self.stuck_since is None:
            self.stuck_since = time.monotonic()

    async def _watch(self) -> None:
        found = versions(
            self.api, self.place.collection, self.place.name, self.place.uid, patience=self.patience.server
        )
        async for version in found:
            self.news.put_nowait(version)

    async def _read_log(self, container: str) -> None:
        batches = log_lines(
            self.api, self.place.path, container, is_over=lambda: self._has_ended(container), since=self.since
        )
        async for batch in batches:
            self.news.put_nowait([Line(container, shown(line)) for line in batch])

    def _has_ended(self, container: str) -> bool:
        return self.gone or (self.pod is not None and container in pods.read(self.pod, self.place.main).ended)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._report)
        self.tasks.append(task)
        return task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.news.put_nowait(error)

    # ending

    def _outcome(self) -> Outcome | None:
        if self.stopped is not None:
            return self._after_stop()
        if self.gone:
            return pods.vanished(self.pod, self.place.main)
        if self.pod is None:
            return None
        return pods.read(self.pod, self.place.main).outcome or self._lost() or self._given_up()

    def _after_stop(self) -> Outcome | None:
        outcome = pods.read(self.pod, self.place.main).outcome if self.pod is not None else None
        if self.gone or self._lost():
            return Outcome("stopped", outcome.exit_code if outcome else None, self.stopped or "")
        return None

    def _given_up(self) -> Outcome | None:
        if self.stuck_since is None or time.monotonic() - self.stuck_since < self.patience.start:
            return None
        return Outcome("failed", None, self.told)

    def _lost(self) -> Outcome | None:
        """A pod whose node does not confirm its end."""
        asked = pods.deletion_asked_at(self.pod) if self.pod is not None else None
        if self.pod is None or asked is None:
            return None
        grace = self.pod["metadata"].get("deletionGracePeriodSeconds") or 0
        if time.time() - asked.timestamp() < grace + LOST:
            return None
        node = self.pod["spec"].get("nodeName")
        return Outcome("failed", None, f"the pod was deleted, but its node '{node}' does not confirm its end")

    async def _stop(self, reason: str) -> None:
        self.stopped = reason
        await self.api.delete(self.place.path, uid=self.place.uid, grace=self.grace)

    async def _drain(self) -> None:
        """Hear the last lines of the containers that have ended."""
        until = time.monotonic() + DRAIN
        while time.monotonic() < until and any(
            not task.done() for name, task in self.logs.items() if self._has_ended(name)
        ):
            await self._hear(0.1)
        while not self.news.empty():
            await self._hear(0.1)
