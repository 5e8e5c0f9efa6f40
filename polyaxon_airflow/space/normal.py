"""`kind: normal`: a number of a normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.bounds import LocScale

if TYPE_CHECKING:
    from numpy.random import RandomState


class Normal(Space):
    """`{kind: normal, value: [0, 1]}` or `"0:1"`: mean 0, standard deviation 1."""

    kind: Literal["normal"]
    value: LocScale | Template | None = None

    def size(self) -> int | None:
        return None if given(self.value).scale else 1

    def draw(self, rng: RandomState) -> float:
        normal = given(self.value)
        return float(rng.normal(normal.loc, normal.scale))
