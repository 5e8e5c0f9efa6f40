"""`kind: uniform`: any number between two bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LowHigh
from polyaxon_airflow.space.distribution import Distribution

if TYPE_CHECKING:
    from numpy.random import RandomState

    from polyaxon_airflow.space.curves import Curve


class Uniform(Distribution):
    """`{kind: uniform, value: [0, 1]}` or `"0:1"`: any number of [0, 1)."""

    kind: Literal["uniform"]
    value: Annotated[LowHigh | str | None, OR_TEMPLATE] = None

    def constant(self) -> float | None:
        bounds = given(self.value)
        return bounds.low if bounds.low == bounds.high else None

    def curve(self) -> Curve:
        from polyaxon_airflow.space import curves

        bounds = given(self.value)
        return curves.uniform(bounds.low, bounds.high)

    def sampler(self) -> Callable[[RandomState], float]:
        bounds = given(self.value)
        return lambda rng: float(rng.uniform(bounds.low, bounds.high))
