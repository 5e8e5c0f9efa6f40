"""What a trial does besides running: ask for its params, and end when it or the sweep need not go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.early_stopping import Curve, Decision, EarlyStopping, decide
from polyaxon_airflow.tuning.sweep import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from polyaxon_airflow import store
    from polyaxon_airflow.tuning.sweep import Sweep


@dataclass
class TrialStep:
    """One trial of a sweep. It stops itself, by what all trials have shown (design D4)."""

    sweep: Sweep
    index: int
    uuid: str  # of the trial's run
    clock: Callable[[], datetime]
    generation: int = 0  # how often it was cleared
    _known: dict[str, list[store.Curve]] = field(default_factory=dict)  # metric -> curves as last read

    def params(self) -> Mapping[str, Any]:
        """Raises NothingToAsk, saying why there are none."""
        return self.sweep.ask(self.index, at=self.clock())

    def continues(self) -> str | None:
        """The uuid of the run whose artifacts this one begins with; to be asked after `params`."""
        return self.sweep.continued_run(self.index)

    def label(self) -> str:
        """How the grid names this trial: by its params, once it has been told."""
        told = self.sweep.store.sweeps.suggestion(self.sweep.uuid, self.index)
        return label_of(told.params) if told is not None else f"trial {self.index}"

    def why_not_start(self) -> str | None:
        """Why this trial need not start: the sweep has ended.

        A trial that was cleared runs again whatever was decided before its clear.
        """
        sweeps = self.sweep.store.sweeps
        decision = sweeps.decision(self.sweep.uuid)
        if decision is not None and self._generation_of(decision.by) < self.generation:
            sweeps.withdraw(self.sweep.uuid)
            decision = None
        return None if decision is None else decision.reason

    def why_stop(self) -> str | None:
        """Why this trial must not go on, as of what all trials have reported by now."""
        decided = self.sweep.store.sweeps.decision(self.uuid, self.sweep.uuid)
        if decided is not None:
            return decided.reason
        decision = self._judged(only={self.index})
        if self.index in decision.trials:
            reason = decision.trials[self.index]
            self.sweep.store.sweeps.decide(self.uuid, "stopped", reason, at=self.clock(), by=self.uuid)
            return reason
        return self._end_sweep(decision.scope, decision.reason)

    def after_end(self) -> None:
        """This trial has ended, which may be one failure too many."""
        decision = self._judged(only=())
        self._end_sweep(decision.scope, decision.reason)

    def _judged(self, only: Collection[int]) -> Decision:
        policies = policies_of(self.sweep)
        return decide(policies, self._curves(policies), planned=self.sweep.matrix.trials(), only=only)

    def _end_sweep(self, scope: str, reason: str) -> str | None:
        if scope not in ("succeeded", "failed"):
            return None
        stored = self.sweep.store.sweeps.decide(
            self.sweep.uuid,
            scope,  # type: ignore[arg-type]
            reason,
            at=self.clock(),
            by=self.uuid,
        )
        return stored.reason

    def _curves(self, policies: Sequence[EarlyStopping]) -> list[Curve]:
        """What every trial has reported of each metric that a policy names, and the state it is in."""
        if not policies:
            return []
        statuses = self.sweep.store.runs.trial_statuses(self.sweep.uuid)
        metrics = dict.fromkeys(str(entry.metric) for entry in policies if hasattr(entry, "metric"))
        for metric in metrics:
            known = self._known.get(metric, [])
            self._known[metric] = self.sweep.store.metrics.curves(self.sweep.uuid, metric, known)
        reported = {(curve.run, metric): curve for metric in metrics for curve in self._known[metric]}
        curves = [Curve(trial.index, ENDED.get(trial.status, "running"), (), ()) for trial in statuses]
        for trial in statuses:
            found = [reported[trial.uuid, metric] for metric in metrics if (trial.uuid, metric) in reported]
            state = ENDED.get(trial.status, "running")
            curves += [Curve(trial.index, state, c.steps, c.values, c.metric) for c in found]
        return curves

    def _generation_of(self, uuid: str | None) -> int:
        run = self.sweep.store.runs.get(uuid) if uuid is not None else None
        return 0 if run is None else int(run.meta.get("generation", 0))


def policies_of(sweep: Sweep) -> list[EarlyStopping]:
    """`earlyStopping` of a sweep's matrix."""
    stopping = sweep.matrix.early_stopping
    return stopping if isinstance(stopping, list) else []


def label_of(params: Mapping[str, Any]) -> str:
    """Params as the grid shows them: `lr=0.01, depth=3`."""
    return ", ".join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
