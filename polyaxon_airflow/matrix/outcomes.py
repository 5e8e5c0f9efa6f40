"""What a trial's outcome means to a search: a loss, the smaller the better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyaxon_airflow.matrix import Trial
    from polyaxon_airflow.matrix.fields import Metric

PENDING = frozenset({"suggested", "running"})
_WITH_VALUE = frozenset({"succeeded", "stopped"})


def loss(trial: Trial, metric: Metric) -> float:
    """The trial's value, turned so that less is better; inf for a trial that has no finite one.

    A stopped trial counts by the value that it had come to, a failed one is as bad as can be.
    """
    value = trial.value
    if trial.state not in _WITH_VALUE or value is None or not math.isfinite(value):
        return math.inf
    return -value if metric.optimization == "maximize" else value
