"""What the two kinds of TPE share: so many trials an iteration, each of which learns from all before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from polyaxon_airflow.matrix import Problem
from polyaxon_airflow.matrix.fields import Metric, PositiveIntNoText, Spaces, Tuner
from polyaxon_airflow.matrix.searched import Searched
from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate


class Iterated(Searched):
    """numRuns times maxIterations trials, as the docs have it.

    Nobody waits for an iteration to end: that is what lets so many trials run side by side as there are workers.
    """

    params: Annotated[Spaces | str, OR_TEMPLATE]
    metric: Metric
    num_runs: PositiveIntNoText | None = None  # trials of one iteration
    max_iterations: IntOrTemplate | None = None  # unset or 0 means one
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
    tuner: Tuner | None = None

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.num_runs is None:
            yield Problem(("numRuns",), "is missing: how many trials shall there be?")

    def _trials(self) -> int:
        return self.at_most((self.num_runs or 0) * max(1, int(self.max_iterations or 1)))
