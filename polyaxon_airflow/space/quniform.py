"""`kind: quniform`: a number between two bounds, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LowHigh, LowHighStep
from polyaxon_airflow.space.distribution import Stepped
from polyaxon_airflow.space.uniform import Uniform


class QUniform(Stepped):
    """`{kind: quniform, value: [0, 1, 0.25]}` or `"0:1:0.25"`: 0.0, 0.25, 0.5 or 0.75."""

    kind: Literal["quniform"]
    value: Annotated[LowHighStep | str | None, OR_TEMPLATE] = None

    def exact(self) -> Uniform:
        bounds = given(self.value)
        return Uniform(kind="uniform", value=LowHigh(low=bounds.low, high=bounds.high))
