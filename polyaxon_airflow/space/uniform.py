"""`kind: uniform`: any number between two bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LowHigh

if TYPE_CHECKING:
    from numpy.random import RandomState


class Uniform(Space):
    """`{kind: uniform, value: [0, 1]}` or `"0:1"`: any number of [0, 1)."""

    kind: Literal["uniform"]
    value: LowHigh | Template | None = None

    def size(self) -> int | None:
        bounds = given(self.value)
        return 1 if bounds.low == bounds.high else None

    def draw(self, rng: RandomState) -> float:
        bounds = given(self.value)
        return float(rng.uniform(bounds.low, bounds.high))
