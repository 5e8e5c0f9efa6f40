"""`kind: loguniform`: a number whose natural logarithm is uniform."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LowHigh

if TYPE_CHECKING:
    from numpy.random import RandomState


class LogUniform(Space):
    """`{kind: loguniform, value: [-7, 0]}` or `"-7:0"`: from exp(-7) to exp(0). The bounds are natural logarithms."""

    kind: Literal["loguniform"]
    value: LowHigh | Template | None = None

    def size(self) -> int | None:
        bounds = given(self.value)
        return 1 if bounds.low == bounds.high else None

    def draw(self, rng: RandomState) -> float:
        bounds = given(self.value)
        return math.exp(rng.uniform(bounds.low, bounds.high))
