"""`kind: qnormal`: a number of a normal distribution, rounded down to a multiple of `q`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LocScaleStep
from polyaxon_airflow.space.steps import floor_to

if TYPE_CHECKING:
    from numpy.random import RandomState


class QNormal(Space):
    """`{kind: qnormal, value: [0, 1, 0.5]}` or `"0:1:0.5"`: ..., -0.5, 0.0, 0.5, ..."""

    kind: Literal["qnormal"]
    value: LocScaleStep | Template | None = None

    def size(self) -> int | None:
        return None if given(self.value).scale else 1

    def draw(self, rng: RandomState) -> float:
        normal = given(self.value)
        return floor_to(rng.normal(normal.loc, normal.scale), normal.q)
