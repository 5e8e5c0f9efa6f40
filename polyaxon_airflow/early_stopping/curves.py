"""What trials have reported of a metric so far, and how they stand against each other at a step."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal["suggested", "running", "succeeded", "stopped", "failed", "skipped"]
"""Of a trial. `suggested`: it has params and waits; `stopped`: by a policy; `skipped`: it never ran."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What one trial has reported of one metric; a trial without reports has one curve, an empty one."""

    index: int  # of the trial
    state: State
    steps: Sequence[int]  # in any order; of several reports at a step the last one counts
    values: Sequence[float]  # one a step, NaN and inf as they came
    metric: str | None = None  # None if the sweep has just one


class Standing(NamedTuple):
    """A trial at a step, beside the others who came as far. Scores are values turned so that more is better."""

    step: int
    best: float  # score so far
    prospect: float  # best score, and what it may still gain or has gained since
    others: list[float]  # best scores of the others at this step


class Progress:
    """A curve by its reports, in the order of steps; scores are values turned so that more is better."""

    def __init__(self, curve: Curve, sign: int) -> None:
        reports = dict(zip(curve.steps, curve.values, strict=True))
        self.index, self.state = curve.index, curve.state
        self.steps = sorted(reports)
        self.scores = [_score(reports[step], sign) for step in self.steps]
        self.bests = list(accumulate(self.scores, max))

    def standing(self, reports: int, others: Sequence[Progress], credit: float) -> Standing:
        """How the trial stood when it had made so many reports; what it has shown since speaks for it."""
        step = self.steps[reports - 1]
        bests = [best for other in others if (best := other.best_at(step)) is not None]
        prospect = max(self.prospect(reports, credit), self.bests[-1])
        return Standing(step, self.bests[reports - 1], prospect, bests)

    def best_at(self, step: int) -> float | None:
        """The best score up to a step; None if the trial has not come so far."""
        if not self.steps or self.steps[-1] < step:
            return None
        reports = self.reports_until(step)
        return self.bests[reports - 1] if reports else None

    def reports_until(self, step: float) -> int:
        """How many reports it had made up to a step."""
        return bisect_right(self.steps, step)

    def prospect(self, reports: int, credit: float) -> float:
        """The best of the first reports, and what the trial would still gain if it went on as it did.

        Learning curves gain about evenly in the logarithm of steps: what the last half of the reports brought over
        the quarter before is taken to come again in each of the next `credit` doublings of the reports. So a slow
        starter is not stopped while it catches up.
        """
        half, quarter = reports // 2, reports // 4
        before = _mean(self.scores[quarter:half])
        gain = _mean(self.scores[half:reports]) - before if math.isfinite(before) else 0.0
        return self.bests[reports - 1] + credit * max(gain, 0.0)


def reached(trials: Sequence[Progress], count: int) -> float:
    """The last step that so many trials have come to; -inf if there are not so many."""
    ends = sorted((trial.steps[-1] for trial in trials if trial.steps), reverse=True)
    return ends[count - 1] if len(ends) >= count else -math.inf


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores) if scores else -math.inf


def _score(value: float, sign: int) -> float:
    """A value that is not finite is as bad as can be, whatever its sign."""
    return sign * value if math.isfinite(value) else -math.inf
