"""`earlyStopping` of a sweep or a dag: each of its runs asks, and stops itself (design D4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyaxon_airflow.early_stopping import Curve, Decision, EarlyStopping, decide
from polyaxon_airflow.tuning.sweep import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.store.records import Curve as Reported
    from polyaxon_airflow.store.records import TrialStatus


@dataclass
class Stopping:
    """What stops the runs of a pipeline, as one of them sees it."""

    pipeline: str  # uuid of the sweep or the dag
    policies: Sequence[EarlyStopping]
    planned: int | None  # runs of the pipeline in all, if that is known
    statuses: Callable[[], Sequence[TrialStatus]]  # of its runs so far
    store: RunStore
    clock: Callable[[], datetime]
    told: Callable[[str], str] = str  # how a reason is put
    _known: dict[str, list[Reported]] = field(default_factory=dict)  # metric -> curves as last read

    def why_stop(self, uuid: str, index: int) -> str | None:
        """Why run `uuid`, which has this index, must not go on, as of what all runs have reported by now."""
        decided = self.store.sweeps.decision(uuid, self.pipeline)
        if decided is not None:
            return decided.reason
        decision = self._judged(only={index})
        if index in decision.trials:
            reason = self.told(decision.trials[index])
            self.store.sweeps.decide(uuid, "stopped", reason, at=self.clock(), by=uuid)
            return reason
        return self._end(decision, uuid)

    def after_end(self, uuid: str) -> None:
        """Run `uuid` has ended, which may be one failure too many, or have reached the goal."""
        self._end(self._judged(only=()), uuid)

    def _judged(self, only: Collection[int]) -> Decision:
        return decide(self.policies, self._curves(), planned=self.planned, only=only)

    def _end(self, decision: Decision, by: str) -> str | None:
        if decision.scope not in ("succeeded", "failed"):
            return None
        reason = self.told(decision.reason)
        return self.store.sweeps.decide(self.pipeline, decision.scope, reason, at=self.clock(), by=by).reason

    def _curves(self) -> list[Curve]:
        """What every run has reported of each metric that a policy names, and the state it is in."""
        if not self.policies:
            return []
        statuses = self.statuses()
        metrics = dict.fromkeys(str(entry.metric) for entry in self.policies if hasattr(entry, "metric"))
        for metric in metrics:
            known = self._known.get(metric, [])
            self._known[metric] = self.store.metrics.curves(self.pipeline, metric, known)
        reported = {(curve.run, metric): curve for metric in metrics for curve in self._known[metric]}
        curves = [Curve(run.index, ENDED.get(run.status, "running"), (), ()) for run in statuses]
        for run in statuses:
            found = [reported[run.uuid, metric] for metric in metrics if (run.uuid, metric) in reported]
            state = ENDED.get(run.status, "running")
            curves += [Curve(run.index, state, c.steps, c.values, c.metric) for c in found]
        return curves
