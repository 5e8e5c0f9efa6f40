"""`kind: qnormal`: a number of a normal distribution, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LocScale, LocScaleStep
from polyaxon_airflow.space.distribution import Stepped
from polyaxon_airflow.space.normal import Normal


class QNormal(Stepped):
    """`{kind: qnormal, value: [0, 1, 0.5]}` or `"0:1:0.5"`: ..., -0.5, 0.0, 0.5, ..."""

    kind: Literal["qnormal"]
    value: Annotated[LocScaleStep | str | None, OR_TEMPLATE] = None

    def exact(self) -> Normal:
        bell = given(self.value)
        return Normal(kind="normal", value=LocScale(loc=bell.loc, scale=bell.scale))
