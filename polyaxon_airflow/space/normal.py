"""`kind: normal`: a number of a normal distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import LocScale
from polyaxon_airflow.space.distribution import Distribution

if TYPE_CHECKING:
    from numpy.random import RandomState

    from polyaxon_airflow.space.curves import Curve


class Normal(Distribution):
    """`{kind: normal, value: [0, 1]}` or `"0:1"`: mean 0, standard deviation 1."""

    is_bounded: ClassVar[bool] = False

    kind: Literal["normal"]
    value: Annotated[LocScale | str | None, OR_TEMPLATE] = None

    def constant(self) -> float | None:
        bell = given(self.value)
        return bell.loc if not bell.scale else None

    def curve(self) -> Curve:
        from polyaxon_airflow.space import curves

        bell = given(self.value)
        return curves.normal(bell.loc, bell.scale)

    def sampler(self) -> Callable[[RandomState], float]:
        bell = given(self.value)
        return lambda rng: float(rng.normal(bell.loc, bell.scale))
