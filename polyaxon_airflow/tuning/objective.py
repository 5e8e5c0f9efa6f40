"""By what the trials of a sweep are ranked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation

TO_MINIMIZE = ("loss", "error", "err", "rmse", "mse", "mae", "perplexity", "regret", "duration", "time")


class Objective(NamedTuple):
    """A metric and its direction."""

    metric: str
    maximize: bool

    def key(self, value: float | None) -> float:
        """For sorting: the best first, what has no value last."""
        if value is None or math.isnan(value):
            return math.inf
        return -value if self.maximize else value


def objective_of(compiled: CompiledOperation) -> Objective | None:
    """The metric of a sweep: its matrix's, else that of its early stopping, else its first output of type metric.

    Only the last has no direction in the file: names that mean a cost are minimised, all others maximised.
    """
    metric = getattr(compiled.matrix, "metric", None)
    if metric is not None:
        return Objective(metric.name, metric.optimization == "maximize")
    stopping = getattr(compiled.matrix, "early_stopping", None)
    for entry in stopping if isinstance(stopping, list) else ():
        if entry.kind == "metric_early_stopping":
            return Objective(entry.metric, entry.optimization == "maximize")
    for io in compiled.outputs or ():
        if io.type == "metric":
            words = io.name.lower().replace("-", "_").split("_")
            return Objective(io.name, not any(word in TO_MINIMIZE for word in words))
    return None
