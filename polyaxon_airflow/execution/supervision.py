"""`Supervision`: what becomes of a run that a runner executes, in the task that started it or in a trigger."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, cast

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import TrackingError
from polyaxon_airflow.execution.artifacts import log_lineage
from polyaxon_airflow.execution.collect import outputs_in, tracker_of
from polyaxon_airflow.execution.follow import REPORT_EVERY, Follower
from polyaxon_airflow.execution.services import Attendance
from polyaxon_airflow.execution.statuses import WORKER_DIED
from polyaxon_airflow.execution.stopping import DagStopping
from polyaxon_airflow.execution.sweeps import begun_sweep
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.plan import CRASHES
from polyaxon_airflow.plan.failures import policy_of
from polyaxon_airflow.runners.base import Outcome
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.tracking.relay import Mirror
from polyaxon_airflow.tuning.trial import TrialStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from typing_extensions import Unpack

    from polyaxon_airflow.execution.attempt import Attempt
    from polyaxon_airflow.execution.task import Status
    from polyaxon_airflow.runners.base import Line
    from polyaxon_airflow.store import Run, RunStore
    from polyaxon_airflow.store.runs import Changes
    from polyaxon_airflow.tracking import Batch

DECIDED = "decided"  # in a run's `meta`: its outcome, known before what shows it was removed
PRINTED = "printed"  # in a run's `meta`: how many lines of each container are in the task's log
FINISHED = "finished_try"  # in a run's `meta`: the last attempt whose end is in the store


@dataclass(frozen=True)
class Supervision:
    """One attempt of a run, from the moment when a runner executes it.

        follower = supervision.follower()
        outcome = follower.follow(runner, handle)
        ended = supervision.finish(outcome)

    `folder` is where this machine finds the run's files. Those of a pod, which it cannot look into, are `carried`
    there over the log of the pod's relay, from its start for each follower.
    """

    attempt: Attempt
    store: RunStore
    clock: Callable[[], datetime]
    log: Callable[[str], None]  # a sentence of ours
    log_line: Callable[[Line], None]  # a line that a container printed
    folder: Path
    carried: bool = False
    is_told: bool = False  # whether its runner says when the run is `ready`
    trial: TrialStep | None = None  # the run as a trial, where it is at hand: else it is read from the store

    def follower(
        self,
        run: Run | None = None,
        *,
        offline_runs: Path | None = None,
        interrupted: Callable[[], str | None] = lambda: None,
        report_every: float = REPORT_EVERY,
    ) -> Follower:
        """What listens to the run. `offline_runs`: where the tracking library writes in its offline mode.

        `run`: as the store has it, if that is known. `report_every`: seconds between two writes of metrics to the store.
        """
        run = run or self.run()
        if self.carried:
            shutil.rmtree(self.folder, ignore_errors=True)
        tracker = tracker_of(_compiled(run), self.folder, offline_runs, self.attempt.uuid)
        if self.attempt.try_number > 1 and not self.carried:
            tracker.skip_existing()
        known = run.meta.get(PRINTED) or {}
        return Follower(
            tracker=tracker,
            mirror=Mirror(self.folder),
            log=self.log_line if self.attempt.logs else (lambda _: None),
            report=self._report,
            judge=self._why_stop,
            interrupted=interrupted,
            beat=self._beat,
            clock=lambda: self.clock().timestamp(),
            deadline=self._deadline(run),
            printed=known["lines"] if known.get("try") == self.attempt.try_number else {},
            report_every=report_every,
        )

    def ready(self) -> None:
        """The run's containers run and answer; for a service this is when it begins to serve."""
        if self._attendance is not None:
            self._attendance.ready()

    def decide(self, outcome: Outcome) -> None:
        """Keep an outcome that is known before the run's helpers have ended."""
        self._update(meta={DECIDED: {"try": self.attempt.try_number, "outcome": list(outcome)}})

    def decided(self, run: Run) -> Outcome | None:
        """The outcome that an earlier follower of this attempt has seen."""
        found = run.meta.get(DECIDED)
        return Outcome(*found["outcome"]) if found and found["try"] == self.attempt.try_number else None

    def finish(self, outcome: Outcome) -> Ended:
        """Results to the store, once an attempt: whoever comes later gets the same answer."""
        run = self.run()
        if (known := self.end_of(run)) is not None:
            return known
        if outcome.status == "stopped" and outcome.reason == WORKER_DIED:
            return self._left_to_the_next(run)
        try:
            if outputs := outputs_in(self.folder):
                self._update(outputs=outputs)
            log_lineage(self.store, self.attempt.uuid, self.folder)
        except TrackingError as error:
            outcome = outcome._replace(status="failed", reason=str(error), retriable=False)
        if self.attempt.keep and (run.handle or {}).get("runner") == "kubernetes":
            self.store.kept.keep(run.uuid, self.clock() + timedelta(seconds=self.attempt.keep))
        policy = policy_of(_compiled(run).termination)
        verdict = policy.verdict(outcome.exit_code, disrupted=outcome.disrupted)
        retriable = outcome.retriable and verdict != "FailJob"
        return self.end(outcome.status, outcome.reason, retriable=retriable, counts=verdict != "Ignore")

    def _left_to_the_next(self, run: Run) -> Ended:
        """An attempt that nobody reports to Airflow, which makes another one in a while: that finds the run open."""
        self.store.runs.set_status(run.uuid, "retrying", WORKER_DIED, at=self.clock())
        return Ended("failed", run.uuid, WORKER_DIED, run.outputs)

    def end_of(self, run: Run) -> Ended | None:
        """The end of this attempt, if the store knows it."""
        again = run.status == "retrying"
        if run.meta.get(FINISHED) != self.attempt.try_number or not (again or run.status in DONE):
            return None
        status = "failed" if again else cast("Status", run.status)
        return Ended(status, run.uuid, run.reason or "", run.outputs, retriable=again)

    def end(self, status: Status, reason: str = "", *, retriable: bool = True, counts: bool = True) -> Ended:
        """Write the end of the attempt; a failure that may be tried again leaves the run open.

        `counts`: whether a failure counts against `maxRetries`; of others there are as many as Airflow tries for us.
        """
        again = status == "failed" and retriable and self._may_fail(counts=counts)
        self.store.runs.set_status(
            self.attempt.uuid,
            "retrying" if again else status,
            reason or None,
            at=self.clock(),
            meta={FINISHED: self.attempt.try_number},
        )
        if (trial := self._trial) is not None:
            trial.after_end()
        self._dags.after_end()
        return Ended(status, self.attempt.uuid, reason, self.run().outputs, retriable=again)

    def run(self) -> Run:
        """The run as the store has it."""
        run = self.store.runs.get(self.attempt.uuid)
        assert run is not None  # noqa: S101 - it was begun before it was given to a runner
        return run

    @cached_property
    def _trial(self) -> TrialStep | None:
        """What judges the run, if it is a trial."""
        attempt = self.attempt
        if self.trial is not None or attempt.sweep is None or attempt.trial_index is None:
            return self.trial
        sweep = begun_sweep(attempt.sweep, self.store, attempt.trials)
        return TrialStep(sweep, attempt.trial_index, attempt.uuid, self.clock)

    @cached_property
    def _dags(self) -> DagStopping:
        return DagStopping(self.attempt.dags, self.attempt.uuid, self.store, self.clock)

    def _why_stop(self) -> str | None:
        watchers = (self._trial, self._dags, self._attendance)
        reasons = (watcher.why_stop() for watcher in watchers if watcher is not None)
        return next((reason for reason in reasons if reason is not None), None)

    @cached_property
    def _attendance(self) -> Attendance | None:
        """Who looks after the run, if it is a service."""
        service = self.attempt.service
        if not service:
            return None
        return Attendance(service, self.attempt.uuid, self.store, self.clock, self.log, is_told=self.is_told)

    def _deadline(self, run: Run) -> float | None:
        if self.attempt.timeout is None or run.started_at is None:
            return None
        return run.started_at.timestamp() + self.attempt.timeout

    def _beat(self, printed: Mapping[str, int]) -> None:
        """A sign of life, and how far the log has come."""
        self._update(meta={PRINTED: {"try": self.attempt.try_number, "lines": dict(printed)}})

    def _report(self, batch: Batch) -> None:
        for problem in batch.problems:
            self.log(problem)
        self.store.metrics.log(
            self.attempt.uuid,
            batch.points,
            at=self.clock(),
            try_number=self.attempt.try_number,
            restarted=batch.restarted,
        )

    def _may_fail(self, *, counts: bool) -> bool:
        """Whether this failure leaves another attempt. Lost workers do not come here: Airflow retries those itself."""
        kind, most = ("failures", self.attempt.max_retries) if counts else ("ignored", CRASHES)
        number = int(self.run().meta.get(kind, 0)) + 1
        self._update(meta={kind: number})
        return number <= most

    def _update(self, **changes: Unpack[Changes]) -> None:
        self.store.runs.update(self.attempt.uuid, at=self.clock(), **changes)


def _compiled(run: Run) -> CompiledOperation:
    """The operation of a run, without a template left."""
    return CompiledOperation.from_dict(dict(run.content or {}))
