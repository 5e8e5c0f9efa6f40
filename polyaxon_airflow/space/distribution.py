"""Spaces of numbers with a distribution, as they are or rounded down to a step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from polyaxon_airflow.space import Space, given
from polyaxon_airflow.space.steps import Multiples, floor_to, steps_between

if TYPE_CHECKING:
    from numpy.random import RandomState

    from polyaxon_airflow.space import Sampler
    from polyaxon_airflow.space.codec import Codec
    from polyaxon_airflow.space.curves import Curve


class Distribution(Space):
    """Numbers without end, unless the distribution has no width."""

    is_bounded: ClassVar[bool] = True

    @abstractmethod
    def constant(self) -> float | None:
        """The one number of a distribution without width; None for all others."""

    @abstractmethod
    def curve(self) -> Curve:
        """Between numbers and the share of draws below them; for a distribution with a width."""

    @abstractmethod
    def sampler(self) -> Callable[[RandomState], float]: ...

    def distinct(self) -> Sequence[object] | None:
        only = self.constant()
        return None if only is None else [only]

    def codec(self) -> Codec:
        from polyaxon_airflow.space.codec import in_order, numbers

        only = self.constant()
        return numbers(self.curve()) if only is None else in_order([only])


class Stepped(Space):
    """A distribution rounded down to multiples of `q`."""

    @abstractmethod
    def exact(self) -> Distribution:
        """The distribution before it is rounded."""

    def problem(self) -> str | None:
        return super().problem() or self.exact().problem()

    def doubt(self) -> str | None:
        return None if self.problem() else self.exact().doubt()

    def distinct(self) -> Sequence[object] | None:
        return Multiples(self._q(), self._steps()) if self.exact().is_bounded else self._only()

    def sampler(self) -> Sampler:
        q, draw = self._q(), self.exact().sampler()
        return lambda rng: floor_to(draw(rng), q)

    def codec(self) -> Codec:
        from polyaxon_airflow.space.codec import in_order, stepped

        only = self._only()
        return in_order(only) if only else stepped(self.exact().curve(), self._q(), self._steps())

    def _q(self) -> float:
        return float(given(self.value).q)

    def _only(self) -> list[object] | None:
        constant = self.exact().constant()
        return None if constant is None else [floor_to(constant, self._q())]

    def _steps(self) -> range:
        """The k of all multiples k * q that draws come down to, but for the far tails of a bell."""
        constant = self.exact().constant()
        if constant is not None:
            return range(k := int(constant // self._q()), k + 1)
        curve = self.exact().curve()
        return steps_between(curve.number(0.0), curve.number(1.0), self._q())
