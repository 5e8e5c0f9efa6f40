"""`kind: metric_early_stopping`: a goal for the sweep, or with a policy, a judge of its trials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import StrictFloat, StrictStr

from polyaxon_airflow.early_stopping import POLICY, Curve, Decision, EarlyStopping, Policy, number
from polyaxon_airflow.early_stopping.curves import Progress
from polyaxon_airflow.early_stopping.decisions import NOTHING
from polyaxon_airflow.scalars import FloatOrTemplate


class MetricEarlyStopping(EarlyStopping):
    """`{kind: metric_early_stopping, metric: loss, value: 0.1, optimization: minimize}`.

    Without a policy the first trial whose metric reaches `value` ends the sweep, as succeeded. With a policy
    `value` means nothing: trials that the policy finds hopeless are stopped, and the sweep goes on.
    """

    instead: ClassVar[dict[str, str]] = {
        "goal": "optimization",
        "direction": "optimization",
        "mode": "optimization",
        "threshold": "value",
        "name": "metric",
    }

    kind: Literal["metric_early_stopping"]
    metric: StrictStr
    value: FloatOrTemplate
    optimization: (
        StrictFloat | Literal["maximize", "minimize"]
    )  # a number means minimize, as in Polyaxon's server
    policy: Annotated[Policy, POLICY] | None = None

    def decide(self, curves: Sequence[Curve], planned: int | None, only: Collection[int] | None) -> Decision:  # noqa: ARG002
        sign = 1 if self.optimization == "maximize" else -1
        trials = [Progress(curve, sign) for curve in curves if curve.metric in (None, self.metric)]
        if self.policy is None:
            return self._goal(trials, sign)
        judged = [
            trial for trial in trials if trial.state == "running" and (only is None or trial.index in only)
        ]
        reasons = {trial.index: self._judged(self.policy, trial, trials, sign) for trial in judged}
        stopped = {index: reason for index, reason in reasons.items() if reason}
        return Decision("trials", trials=stopped) if stopped else NOTHING

    def _judged(self, policy: Policy, trial: Progress, trials: Sequence[Progress], sign: int) -> str | None:
        return policy.judge(
            trial, [other for other in trials if other.index != trial.index], self.metric, sign
        )

    def _goal(self, trials: Sequence[Progress], sign: int) -> Decision:
        goal = number(self.value, 0.0)
        reached = [trial for trial in trials if trial.bests and trial.bests[-1] >= sign * goal]
        if not reached:
            return NOTHING
        best = max(reached, key=lambda trial: (trial.bests[-1], -trial.index))
        step = best.steps[best.scores.index(best.bests[-1])]
        value = sign * best.bests[-1]
        return Decision(
            "succeeded",
            f"trial {best.index} reached {self.metric} {value:.4g} at step {step}, the goal is {goal:.4g}",
        )
