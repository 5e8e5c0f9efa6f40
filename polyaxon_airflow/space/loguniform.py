"""`kind: loguniform`: a number whose natural logarithm is uniform."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LowHigh, too_large
from polyaxon_airflow.space.distribution import Distribution

if TYPE_CHECKING:
    from numpy.random import RandomState

    from polyaxon_airflow.space.curves import Curve


class LogUniform(Distribution):
    """`{kind: loguniform, value: [-7, 0]}` or `"-7:0"`: from exp(-7) to exp(0). The bounds are natural logarithms."""

    kind: Literal["loguniform"]
    value: Annotated[LowHigh | str | None, OR_TEMPLATE] = None

    def problem(self) -> str | None:
        problem = super().problem()
        return problem or too_large(max(given(self.value).low, given(self.value).high))

    def doubt(self) -> str | None:
        if not isinstance(self.value, LowHigh) or not 0 < self.value.low < self.value.high < 1:
            return None
        low, high = math.exp(self.value.low), math.exp(self.value.high)
        return f"takes natural logarithms: these bounds mean {low:.4g} to {high:.4g}"

    def constant(self) -> float | None:
        bounds = given(self.value)
        return math.exp(bounds.low) if bounds.low == bounds.high else None

    def curve(self) -> Curve:
        from polyaxon_airflow.space import curves

        bounds = given(self.value)
        return curves.of_logarithm(curves.uniform(bounds.low, bounds.high))

    def sampler(self) -> Callable[[RandomState], float]:
        bounds = given(self.value)
        return lambda rng: math.exp(rng.uniform(bounds.low, bounds.high))
