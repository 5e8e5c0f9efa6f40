"""`policy: {kind: truncation}`: among the worst percentage of the trials."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import PeriodicPolicy, number
from polyaxon_airflow.early_stopping.curves import Progress, Standing
from polyaxon_airflow.scalars import BoolOrTemplate, FloatOrTemplate, IntOrTemplate


class Truncation(PeriodicPolicy):
    """`{kind: truncation, percent: 20, evaluationInterval: 4, minInterval: 8, includeSucceeded: true}`.

    Without the trials that succeeded, each look would cut from an ever fresher set: they count unless the file
    says otherwise.
    """

    kind: Literal["truncation"]
    percent: FloatOrTemplate  # of the trials that are compared, rounded down to whole trials
    evaluation_interval: IntOrTemplate  # reports between two looks at a trial
    include_succeeded: BoolOrTemplate | None = (
        None  # whether finished trials are compared too; unset means yes
    )

    def compares_with(self, other: Progress) -> bool:
        return bool(number(self.include_succeeded, unset=True)) or other.state != "succeeded"

    def verdict(self, standing: Standing, sign: int) -> str | None:  # noqa: ARG002
        percent, trials = number(self.percent, 0.0), len(standing.others) + 1
        rank = 1 + sum(best > standing.prospect for best in standing.others)
        kept = trials - int(trials * percent / 100)
        if rank <= kept:
            return None
        return f"rank {rank} of {trials} trials, the worst {percent:g}% stop"
