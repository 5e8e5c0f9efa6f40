"""A run on Kubernetes from now to its end: its lines as they come, its stops, and how it ended."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.runners.base import MAIN_CONTAINER, Line, Outcome
from polyaxon_airflow.runners.kubernetes import pods
from polyaxon_airflow.runners.kubernetes.logs import log_lines
from polyaxon_airflow.runners.lines import shown
from polyaxon_airflow.runtimes.helpers import ARTIFACTS, RELAY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from polyaxon_airflow.runners.kubernetes.api import Api, Object
    from polyaxon_airflow.runners.kubernetes.watching import NotThere, Version

    News = Version | NotThere | list[Line] | BaseException

DRAIN = 60.0  # seconds without news after which the last lines of an ended run are given up
PAUSE = 0.1  # seconds
SETTLE = 150.0  # seconds that the helpers of an ended run may take, see `runtimes.helpers.GRACE`
LOST_BY = {  # helper -> what is lost when it fails
    RELAY: "its outputs and metrics could not be read",
    ARTIFACTS: "its artifacts could not be kept",
}
LOST = 60.0  # seconds past its grace period after which a pod that does not go counts as lost with its node


class Patience(NamedTuple):
    """How long a run may wait for what may never come."""

    start: float = 120.0  # seconds for an image that cannot be pulled, or a container that cannot be made
    server: float = 300.0  # seconds for an API server that does not answer


PATIENCE = Patience()


@dataclass(frozen=True)
class Listener:
    """Who wants to hear of a run."""

    on_lines: Callable[[Sequence[Line]], Awaitable[None]]
    should_stop: Callable[[], Awaitable[str | None]]
    on_state: Callable[[str], Awaitable[None]]  # why the run does not go on, each time it changes
    on_ready: Callable[[], Awaitable[None]]  # all its containers run and answer, for the first time
    on_decided: Callable[[Outcome], Awaitable[None]]  # how it ended, before anything of it is removed
    interval: float = 0.5  # seconds between two questions whether to stop


@dataclass(frozen=True)
class Terms:
    """How a run is followed."""

    grace: float  # seconds between SIGTERM and SIGKILL of a run that is stopped
    patience: Patience
    since: str | None = None  # lines up to this time, as Kubernetes writes it, were heard before
    decided: Outcome | None = None  # what `on_decided` was told by an earlier follower of this run


class Following(ABC):
    """Follows one run; what that is, a pod or a custom resource, subclasses know."""

    def __init__(self, api: Api, listener: Listener, terms: Terms, main: str) -> None:
        self.api = api
        self.terms = terms
        self._listener = listener
        self._main = main  # the container whose log and exit code are the run's
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._logs: dict[
            tuple[str, str], asyncio.Task[None]
        ] = {}  # (uid of pod, container) -> who reads its log
        self._pods: dict[str, Object] = {}  # uid -> the pod as last seen
        self._gone: set[str] = set()  # uids of pods that are there no more
        self._stopped: str | None = None  # the listener's reason
        self._decided: tuple[Outcome, float] | None = None  # how the run ended, and when that was seen
        self._is_ready = False
        self._told = ""  # what the run was last said to wait for
        self._stuck_since: float | None = None

    @abstractmethod
    def sources(self) -> Sequence[AsyncIterator[Version | NotThere]]:
        """What is watched."""

    @abstractmethod
    async def learn(self, version: Version | NotThere) -> None:
        """Take in what a source has given."""

    @abstractmethod
    def ended(self) -> Outcome | None:
        """How the run ended, None while it goes on."""

    @abstractmethod
    def removed(self) -> bool:
        """Whether all that was deleted by `remove` is gone."""

    @abstractmethod
    async def remove(self) -> None:
        """Delete the run's objects, which ends its containers."""

    async def settle(self) -> bool:
        """Whether the run's helpers have done their part; asked again and again once its end is known."""
        return True

    def helped_pod(self) -> Object | None:
        """The pod whose helper keeps the run's artifacts, as it was last seen."""
        return None

    async def run(self) -> Outcome:
        """Raises ApiUnavailableError when the server stays out of reach: the run goes on, and can be followed again."""
        try:
            for source in self.sources():
                self._start(self._watch(source))
            return await self._until_ended()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # what subclasses use

    async def learn_pod(self, version: Version, *, leads: bool) -> None:
        """Take in a version of one of the run's pods; the log of a leading one is the run's."""
        pod, uid = version.object, version.object["metadata"]["uid"]
        self._pods[uid] = pod
        if version.gone:
            self._gone.add(uid)
        state = pods.read(pod, self._main)
        for container in state.started if leads else ():
            if (uid, container) not in self._logs:
                self._logs[uid, container] = self._start(self._read_log(uid, container))
        if leads and not self._is_ready and pods.is_ready(pod):
            self._is_ready = True
            await self._listener.on_ready()
        if leads or state.stuck:
            await self.tell(state.waits_for, stuck=state.stuck)

    async def tell(self, waits_for: str, *, stuck: bool = False) -> None:
        """Say what the run waits for, if that is new; what is `stuck` for long ends it."""
        if waits_for != self._told:
            self._told = waits_for
            await self._listener.on_state(waits_for)
        if not stuck:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = time.monotonic()

    def helped_by(self, pod: Object) -> bool:
        """Whether helpers of ours still run in a pod."""
        ended = pods.read(pod, self._main).ended
        helpers = LOST_BY.keys() & set(pods.containers_of(pod))
        over = helpers <= ended or pods.is_final(pod)
        return pod["metadata"]["uid"] not in self._gone and not over and not lost(pod)

    def given_up(self) -> Outcome | None:
        """The end of a run that has been stuck for too long."""
        if self._stuck_since is None or time.monotonic() - self._stuck_since < self.terms.patience.start:
            return None
        return Outcome("failed", None, self._told)

    # hearing

    async def _until_ended(self) -> Outcome:
        while True:
            await self._hear(self._listener.interval)
            if self._decided is None and (outcome := self._outcome()) is not None:
                self._decided = outcome, time.monotonic()
                await self._listener.on_decided(outcome)
            if self._decided is not None:
                outcome, since = self._decided
                if await self.settle() or time.monotonic() - since > SETTLE:
                    await self._drain()
                    return self._kept(outcome)
            elif self._stopped is None and (reason := await self._listener.should_stop()) is not None:
                self._stopped = reason
                await self.remove()

    def _outcome(self) -> Outcome | None:
        outcome = self.ended()
        if self._stopped is None:
            return outcome
        if not self.removed():
            return None
        return Outcome("stopped", outcome.exit_code if outcome else None, self._stopped)

    def _kept(self, outcome: Outcome) -> Outcome:
        """The outcome, once the run's helpers have ended; a success whose outputs or artifacts are lost is none."""
        pod = self.helped_pod()
        if outcome.status != "succeeded" or pod is None:
            return outcome
        for helper in sorted(LOST_BY.keys() & set(pods.containers_of(pod))):
            if (why := pods.why_not_done(pod, helper)) is not None:
                return outcome._replace(status="failed", reason=f"{LOST_BY[helper]}: {why}")
        return outcome

    async def _hear(self, seconds: float) -> bool:
        """Wait for news, at most so long, and take in all there are; whether there were any."""
        try:
            news = [await asyncio.wait_for(self._news.get(), seconds)]
        except asyncio.TimeoutError:
            return False
        while not self._news.empty():
            news.append(self._news.get_nowait())
        lines: list[Line] = []
        for item in news:
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, list):
                lines += item
            else:
                await self.learn(item)
        if lines:
            await self._listener.on_lines(lines)
        return True

    async def _drain(self) -> None:
        """Hear the last lines of the containers that have ended."""
        until = time.monotonic() + SETTLE
        quiet = 0.0  # seconds that this loop has waited in vain; a clock would run on while a busy process stands still
        while quiet < DRAIN and time.monotonic() < until and self._has_unread_logs():
            quiet = 0.0 if await self._hear(PAUSE) else quiet + PAUSE
        while not self._news.empty():
            await self._hear(PAUSE)

    def _has_unread_logs(self) -> bool:
        return any(not task.done() for key, task in self._logs.items() if self._has_ended(*key))

    async def _watch(self, source: AsyncIterator[Version | NotThere]) -> None:
        async for version in source:
            self._news.put_nowait(version)

    async def _read_log(self, uid: str, container: str) -> None:
        metadata = self._pods[uid]["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        name = MAIN_CONTAINER if container == self._main else container
        batches = log_lines(
            self.api, path, container, is_over=lambda: self._has_ended(uid, container), since=self.terms.since
        )
        async for batch in batches:
            self._news.put_nowait([Line(name, shown(line)) for line in batch])

    def _has_ended(self, uid: str, container: str) -> bool:
        return uid in self._gone or container in pods.read(self._pods[uid], self._main).ended

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._report)
        self._tasks.append(task)
        return task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._news.put_nowait(error)


def lost(pod: Object) -> bool:
    """Whether a pod was deleted long ago and is still there: its node does not confirm its end."""
    asked = pods.deletion_asked_at(pod)
    if asked is None:
        return False
    grace = pod["metadata"].get("deletionGracePeriodSeconds") or 0
    return time.time() - asked.timestamp() > grace + LOST
