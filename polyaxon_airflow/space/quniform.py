"""`kind: quniform`: a number between two bounds, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LowHighStep
from polyaxon_airflow.space.steps import floor_to, steps_between

if TYPE_CHECKING:
    from numpy.random import RandomState


class QUniform(Space):
    """`{kind: quniform, value: [0, 1, 0.25]}` or `"0:1:0.25"`: 0.0, 0.25, 0.5 or 0.75."""

    kind: Literal["quniform"]
    value: LowHighStep | Template | None = None

    def size(self) -> int:
        bounds = given(self.value)
        return len(steps_between(bounds.low, bounds.high, bounds.q))

    def draw(self, rng: RandomState) -> float:
        bounds = given(self.value)
        return floor_to(rng.uniform(bounds.low, bounds.high), bounds.q)
