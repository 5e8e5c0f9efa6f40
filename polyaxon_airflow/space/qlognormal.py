"""`kind: qlognormal`: a number whose natural logarithm is normal, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LocScale, LocScaleStep
from polyaxon_airflow.space.distribution import Stepped
from polyaxon_airflow.space.lognormal import LogNormal


class QLogNormal(Stepped):
    """`{kind: qlognormal, value: [0, 1, 0.5]}` or `"0:1:0.5"`: 0.0, 0.5, 1.0, ..."""

    kind: Literal["qlognormal"]
    value: Annotated[LocScaleStep | str | None, OR_TEMPLATE] = None

    def exact(self) -> LogNormal:
        bell = given(self.value)
        return LogNormal(kind="lognormal", value=LocScale(loc=bell.loc, scale=bell.scale))
