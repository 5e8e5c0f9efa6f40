"""`kind: metric_early_stopping`: a goal for the sweep, or with a policy, a judge of its trials."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StrictFloat, StrictStr

from polyaxon_airflow.early_stopping import POLICY, EarlyStopping, Policy
from polyaxon_airflow.scalars import FloatOrTemplate


class MetricEarlyStopping(EarlyStopping):
    """`{kind: metric_early_stopping, metric: loss, value: 0.1, optimization: minimize}`.

    Without a policy the first trial whose metric reaches `value` ends the sweep, as succeeded. With a policy,
    trials that the policy judges hopeless are stopped, and the sweep goes on.
    """

    kind: Literal["metric_early_stopping"]
    metric: StrictStr
    value: FloatOrTemplate
    optimization: (
        StrictFloat | Literal["maximize", "minimize"]
    )  # a number means minimize, as in Polyaxon's server
    policy: Annotated[Policy, POLICY] | None = None
