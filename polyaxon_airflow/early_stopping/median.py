"""`policy: {kind: median}`: worse than half of the others were at the same step."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import PeriodicPolicy, shown, trials
from polyaxon_airflow.early_stopping.curves import Standing
from polyaxon_airflow.scalars import IntOrTemplate


class Median(PeriodicPolicy):
    """`{kind: median, evaluationInterval: 1, minInterval: 8, minSamples: 3}`.

    After Vizier's median stopping rule (Golovin et al. 2017), with two changes that bench/stopping.py measures:
    bests are compared with bests, and a trial has credit for what it still gains (`Progress.prospect`).
    """

    kind: Literal["median"]
    evaluation_interval: IntOrTemplate = 1  # reports between two looks at a trial

    def verdict(self, standing: Standing, sign: int) -> str | None:
        middle = _median(standing.others)
        if standing.prospect >= middle:
            return None
        return f"median of {trials(len(standing.others))} {shown(middle, sign)}"


def _median(scores: list[float]) -> float:
    ordered = sorted(scores)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
