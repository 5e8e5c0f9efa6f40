"""Early stopping, `earlyStopping[]` of a matrix or a dag (spec sections 2.27 and 4.9).

`decide` is pure: the curves of all trials go in, what is to stop comes out, with the reason. A trial asks it at
each new report, so nothing has to watch over a sweep.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar

from polyaxon_airflow.early_stopping.curves import Curve, Progress, Standing, State, reached
from polyaxon_airflow.early_stopping.decisions import Decision, joined
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import IntOrTemplate
from polyaxon_airflow.section import Section

__all__ = ["EARLY_STOPPING", "POLICY", "Curve", "Decision", "EarlyStopping", "Policy", "State", "decide"]


def decide(
    policies: Sequence[EarlyStopping],
    curves: Sequence[Curve],
    *,
    planned: int | None = None,
    only: Collection[int] | None = None,
) -> Decision:
    """What is to stop, given the curves of all trials so far, in any order.

    `planned` is how many trials the sweep has, if that is known. `only` are the trials that are judged, by index;
    without it all running ones are. Raises CompilationError if a template is left in a policy.
    """
    return joined(entry.decide(curves, planned, only) for entry in policies)


class EarlyStopping(Section):
    """One reason to stop trials, or the whole sweep, before they are done."""

    kind: str

    @abstractmethod
    def decide(self, curves: Sequence[Curve], planned: int | None, only: Collection[int] | None) -> Decision:
        """What is to stop for this reason; see `decide` of this package."""


class Policy(Section):
    """How a running trial is judged by what others had shown at the same step.

    A kind says when (`last_look`) and how (`verdict`). Others are all that have a value at the step, whatever
    became of them. A trial that is ahead is judged at its last look that `min_samples` of them have reached, so
    that it makes no difference who reports first; if they have reached none, it is not judged.
    """

    instead: ClassVar[dict[str, str]] = {
        "interval": "evaluationInterval",
        "frequency": "evaluationInterval",
        "warmup": "minInterval",
    }

    credit: ClassVar[float] = 3.0
    """Doublings of its reports in which a trial is trusted to gain what it gained in the last."""

    kind: str
    min_interval: IntOrTemplate | None = (
        None  # a trial is judged first at its so many-th report; unset means 8
    )
    min_samples: IntOrTemplate | None = None  # others to compare with, at least; unset means 3

    @abstractmethod
    def last_look(self, reports: int) -> int:
        """After how many of its reports a trial was to be judged last; 0 for not yet."""

    @abstractmethod
    def verdict(self, standing: Standing, sign: int) -> str | None:
        """What condemns a trial, in words that follow "stopped at step 6: loss 2.31, "; None if nothing does."""

    def compares_with(self, other: Progress) -> bool:  # noqa: ARG002
        """Whether another trial counts."""
        return True

    def first_look(self) -> int:
        return max(1, int(number(self.min_interval, 8)))

    def judge(self, trial: Progress, others: Sequence[Progress], metric: str, sign: int) -> str | None:
        """Why a trial is to be stopped, for people to read; None if it goes on."""
        peers = [other for other in others if self.compares_with(other)]
        needed = max(1, int(number(self.min_samples, 3)))
        reports = self.last_look(trial.reports_until(reached(peers, needed)))
        if not reports:
            return None
        standing = trial.standing(reports, peers, self.credit)
        if len(standing.others) < needed:
            return None
        verdict = self.verdict(standing, sign)
        return (
            verdict and f"stopped at step {standing.step}: {metric} {shown(standing.best, sign)}, {verdict}"
        )


class PeriodicPolicy(Policy):
    """A policy that looks at every `evaluation_interval`-th report, from the `min_interval`-th on."""

    evaluation_interval: IntOrTemplate

    def last_look(self, reports: int) -> int:
        first, every = self.first_look(), max(1, int(number(self.evaluation_interval, 1)))
        return reports - (reports - first) % every if reports >= first else 0


def number(value: float | str | None, unset: float) -> float:
    """A number or a truth of a policy. Raises CompilationError if it is a template that nothing has filled in."""
    if isinstance(value, str):
        raise CompilationError(f"earlyStopping still has the template '{value}'")
    return unset if value is None else value


def shown(score: float, sign: int) -> str:
    """A score as the metric's value.

    >>> shown(-2.312345, -1)
    '2.312'
    """
    return f"{sign * score:.4g}" if math.isfinite(score) else "not finite"


def trials(count: int) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} trial{'' if count == 1 else 's'}"


_HERE = "polyaxon_airflow.early_stopping"

EARLY_STOPPING = Kinds(
    "early_stopping",
    EarlyStopping,
    {
        "metric_early_stopping": f"{_HERE}.metric:MetricEarlyStopping",
        "failure_early_stopping": f"{_HERE}.failure:FailureEarlyStopping",
    },
)

POLICY = Kinds(
    "policy",
    Policy,
    {
        "median": f"{_HERE}.median:Median",
        "diff": f"{_HERE}.diff:Diff",
        "truncation": f"{_HERE}.truncation:Truncation",
        "asha": f"{_HERE}.asha:Asha",
    },
    retired={"average": "use 'median'"},
)
