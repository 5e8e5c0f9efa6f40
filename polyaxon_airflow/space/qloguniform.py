"""`kind: qloguniform`: a number whose natural logarithm is uniform, rounded down to a multiple of `q`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LowHighStep
from polyaxon_airflow.space.steps import floor_to, steps_between

if TYPE_CHECKING:
    from numpy.random import RandomState


class QLogUniform(Space):
    """`{kind: qloguniform, value: [0, 3, 0.5]}` or `"0:3:0.5"`: from 1.0 to 20.0 in halves."""

    kind: Literal["qloguniform"]
    value: LowHighStep | Template | None = None

    def size(self) -> int:
        bounds = given(self.value)
        return len(steps_between(math.exp(bounds.low), math.exp(bounds.high), bounds.q))

    def draw(self, rng: RandomState) -> float:
        bounds = given(self.value)
        return floor_to(math.exp(rng.uniform(bounds.low, bounds.high)), bounds.q)
