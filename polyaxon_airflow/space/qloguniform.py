"""`kind: qloguniform`: a number whose natural logarithm is uniform, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LowHigh, LowHighStep
from polyaxon_airflow.space.distribution import Stepped
from polyaxon_airflow.space.loguniform import LogUniform


class QLogUniform(Stepped):
    """`{kind: qloguniform, value: [0, 3, 0.5]}` or `"0:3:0.5"`: from 1.0 to 20.0 in halves."""

    kind: Literal["qloguniform"]
    value: Annotated[LowHighStep | str | None, OR_TEMPLATE] = None

    def exact(self) -> LogUniform:
        bounds = given(self.value)
        return LogUniform(kind="loguniform", value=LowHigh(low=bounds.low, high=bounds.high))
