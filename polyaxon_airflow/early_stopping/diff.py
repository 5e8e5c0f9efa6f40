"""`policy: {kind: diff}`: further from the best than a percentage."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import PeriodicPolicy, number, shown, trials
from polyaxon_airflow.early_stopping.curves import Standing
from polyaxon_airflow.scalars import FloatOrTemplate, IntOrTemplate


class Diff(PeriodicPolicy):
    """`{kind: diff, percent: 10, evaluationInterval: 1, minInterval: 8, minSamples: 3}`.

    The percentage is of the best value's size, so it is strict where the metric comes near to 0.
    """

    kind: Literal["diff"]
    percent: FloatOrTemplate  # of the best value's size
    evaluation_interval: IntOrTemplate  # reports between two looks at a trial

    def verdict(self, standing: Standing, sign: int) -> str | None:
        percent, best = number(self.percent, 0.0), max(standing.others)
        if not standing.prospect < best - abs(best) * percent / 100:
            return None
        return (
            f"more than {percent:g}% behind {shown(best, sign)}, the best of {trials(len(standing.others))}"
        )
