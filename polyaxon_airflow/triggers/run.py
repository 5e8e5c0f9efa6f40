"""`RunTrigger`: follows a run on Kubernetes while its task holds no worker."""

from __future__ import annotations

import asyncio
import time
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSuccessEvent, TriggerEvent

from polyaxon_airflow.clock import now
from polyaxon_airflow.configuration import kubernetes_runner, mirrors_folder, run_store, secrets
from polyaxon_airflow.connections.checking import connections_in
from polyaxon_airflow.errors import PermanentRunnerError, TemporaryRunnerError
from polyaxon_airflow.execution.attempt import Attempt
from polyaxon_airflow.execution.statuses import MARKED
from polyaxon_airflow.execution.supervision import Supervision
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Outcome
from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
from polyaxon_airflow.runners.kubernetes.following import Listener
from polyaxon_airflow.runners.kubernetes.sharing import SharedApis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from polyaxon_airflow.execution.follow import Follower
    from polyaxon_airflow.execution.task import Ended
    from polyaxon_airflow.runners.base import Handle, Line
    from polyaxon_airflow.runners.kubernetes.api import Api
    from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
    from polyaxon_airflow.store import Run, RunStore

ASK_EVERY = 2.0  # seconds between looks at a run's metrics
JUDGE_EVERY = 0.5  # seconds between looks at a trial's: those who compare with it may report just after it
PAUSE = 10.0  # seconds before a cluster that does not answer is asked again
# Airflow fails a task whose event comes before the scheduler has read that its worker has gone, which takes up to 5 s
# with the defaults (docs/architecture.md, "Waiting without a worker").
SAFE = 15.0  # seconds after the deferral from which on a task may be resumed in a worker


class RunTrigger(BaseTrigger):
    """Waits for the end of one attempt of a run: its lines to the task's log, its metrics to the store.

    It ends the task itself, with the run's outputs as XCom `return_value`. Only what Airflow leaves to workers resumes
    the task: a failure that no retry may follow, a trial that was stopped, whose label in the grid says why, and, with
    `resumes`, a success whose task has outlets.
    """

    def __init__(
        self,
        handle: Handle,
        attempt: Mapping[str, Any],
        access: Mapping[str, Any],
        deferred_at: float,
        resumes: bool = False,
    ) -> None:
        """`deferred_at`: Unix seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._handle = dict(handle)
        self._attempt = Attempt.from_dict(attempt)
        self._access = ClusterAccess(**access)
        self._deferred_at = deferred_at
        self._resumes = resumes

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """See `BaseTrigger.serialize`. No credentials: a connection is named, and looked up where it is used."""
        return (
            f"{__name__}.RunTrigger",
            {
                "handle": self._handle,
                "attempt": self._attempt.to_dict(),
                "access": self._access.to_dict(),
                "deferred_at": self._deferred_at,
                "resumes": self._resumes,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event, when the attempt's end is in the store."""
        ended = await self._followed()
        if ended.reason:
            self.log.info("%s: %s", ended.status, ended.reason)
        yield await self._event(ended)

    async def on_kill(self) -> None:
        """A person has cleared or marked the task: the run ends, and its pods are deleted."""
        async with _shared().use(self._access) as api:
            await self._runner.delete_async(api, self._handle)
        await asyncio.to_thread(self._supervision().end, "stopped", MARKED)

    async def _followed(self) -> Ended:
        """Follow the run to its end and clean up, however often the cluster goes away meanwhile."""
        supervision = self._supervision()
        while True:
            try:
                async with _shared().use(self._access) as api:
                    run = await asyncio.to_thread(supervision.run)
                    ended = supervision.end_of(run) or await self._follow(api, supervision, run)
                    # Only now: until its end is in the store, the pod is the only one that knows it.
                    await self._runner.clean_async(api, self._handle, keep=self._attempt.keep)
                    return ended
            except TemporaryRunnerError as error:
                self.log.warning("%s. The run goes on; asking again in %.0f s", error, PAUSE)
                await asyncio.sleep(PAUSE)
            except PermanentRunnerError as error:
                outcome = Outcome("failed", None, str(error), retriable=False)
                return await asyncio.to_thread(supervision.finish, outcome)

    async def _follow(self, api: Api, supervision: Supervision, run: Run) -> Ended:
        await asyncio.to_thread(self._hide_secrets, run)
        decided = supervision.decided(run)
        follower = await asyncio.to_thread(supervision.follower, run, report_every=self._interval)
        listener = self._listener(supervision, follower)
        outcome = await self._runner.follow_async(api, self._handle, listener, decided=decided)
        outcome = await asyncio.to_thread(follower.ended, outcome)
        return await asyncio.to_thread(supervision.finish, outcome)

    def _listener(self, supervision: Supervision, follower: Follower) -> Listener:
        async def on_lines(lines: Sequence[Line]) -> None:
            await asyncio.to_thread(follower.on_lines, lines)

        async def should_stop() -> str | None:
            return await asyncio.to_thread(follower.should_stop)

        async def on_state(waits_for: str) -> None:
            self.log.info("%s", waits_for or "the run goes on")

        async def on_ready() -> None:
            await asyncio.to_thread(supervision.ready)

        async def on_decided(outcome: Outcome) -> None:
            await asyncio.to_thread(supervision.decide, outcome)

        return Listener(on_lines, should_stop, on_state, on_ready, on_decided, interval=self._interval)

    @property
    def _interval(self) -> float:
        return ASK_EVERY if self._attempt.sweep is None else JUDGE_EVERY

    async def _event(self, ended: Ended) -> TriggerEvent:
        if ended.status == "failed" and ended.retriable:
            return TaskFailedEvent()
        if not self._needs_worker(ended):
            await asyncio.to_thread(self._push, ended)
            return TaskSuccessEvent()
        await asyncio.sleep(max(0.0, self._deferred_at + SAFE - time.time()))
        return TriggerEvent(ended.to_dict())  # type: ignore[no-untyped-call]

    def _needs_worker(self, ended: Ended) -> bool:
        is_stopped_trial = ended.status == "stopped" and self._attempt.sweep is not None
        return ended.status == "failed" or self._resumes or is_stopped_trial

    def _push(self, ended: Ended) -> None:
        """The outputs as the task's XCom. Not with the event: Airflow 3.3 would encode them twice."""
        from airflow.sdk.execution_time.xcom import XCom

        if (ti := self.task_instance) is not None:
            place = {
                "dag_id": ti.dag_id,
                "run_id": ti.run_id,
                "task_id": ti.task_id,
                "map_index": ti.map_index,
            }
            XCom.set("return_value", dict(ended.outputs), **place)

    def _supervision(self) -> Supervision:
        folder = Path(mirrors_folder()) / "runs" / self._attempt.uuid
        say, line = self.log.info, self._log_line
        return Supervision(self._attempt, _store(), now, say, line, folder, carried=True, is_told=True)

    def _hide_secrets(self, run: Run) -> None:
        """Containers may print what they were given, which this process logs: Airflow must mask it here too."""
        try:
            if names := connections_in((run.content or {}).get("run") or {}):
                secrets().hide_those_of(names)
        except PermanentRunnerError as error:
            self.log.warning("the log cannot mask what it may have to: %s", error)

    def _log_line(self, line: Line) -> None:
        self.log.info(
            "%s", line.text if line.container == MAIN_CONTAINER else f"[{line.container}] {line.text}"
        )

    @cached_property
    def _runner(self) -> KubernetesRunner:
        return kubernetes_runner(self._access, self._handle["namespace"])


@cache
def _shared() -> SharedApis:
    """One for the process, as its event loop."""
    return SharedApis()


@cache
def _store() -> RunStore:
    """One for the process: a triggerer follows hundreds of runs, and a database has not as many connections."""
    return run_store()
