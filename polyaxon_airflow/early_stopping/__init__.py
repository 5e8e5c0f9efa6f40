"""Early stopping, `earlyStopping[]` of a matrix or a dag (spec sections 2.27 and 4.9)."""

from __future__ import annotations

from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.section import Section

_HERE = "polyaxon_airflow.early_stopping"


class EarlyStopping(Section):
    """One reason to stop trials, or the whole sweep, before they are done."""

    kind: str


class Policy(Section):
    """How a running trial's curve is judged by what other trials showed at the same step."""

    kind: str


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
