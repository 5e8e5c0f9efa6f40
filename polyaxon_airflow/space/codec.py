"""How values lie in the unit interval, where all search engines work.

A value is a point of [0, 1]. The prior of the space is uniform there: a tenth of the interval holds a tenth of
the draws. A space with finitely many values cuts the interval into cells, one a value.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import isclose
from typing import TYPE_CHECKING, Protocol

from polyaxon_airflow.space.curves import Curve
from polyaxon_airflow.space.identity import identity, is_number
from polyaxon_airflow.space.steps import Multiples, floor_to

if TYPE_CHECKING:
    from collections.abc import Sequence


_TOUCH = 1e-9  # relative: what a way through text may change in a number
_MANY = 10_000  # cells; with more of them an engine does better to see a continuum


class Codec(Protocol):
    ordered: bool
    """Whether near points have near meanings; False for categories."""

    edges: Sequence[float] | None
    """Where the cells begin and end, from 0.0 to 1.0, one more than there are cells; None without cells."""

    def encode(self, value: object) -> float | None:
        """The point of a value, the middle of its cell; None if the value is none of this space."""

    def decode(self, point: float) -> object:
        """The value at a point."""


def items(values: Sequence[object], weights: Sequence[float] | None = None) -> Codec:
    """Listed values: numbers in the order of their size, anything else as categories."""
    if weights is None and all(is_number(value) for value in values):
        return in_order(sorted(values, key=float))  # type: ignore[arg-type]
    return Items(values, _cut(weights or [1.0] * len(values)), ordered=False)


def in_order(values: Sequence[object]) -> Codec:
    """Listed values whose order means something."""
    return Items(values, _cut([1.0] * len(values)), ordered=True)


def numbers(curve: Curve) -> Codec:
    """The numbers of a distribution."""
    return Numbers(curve)


def stepped(curve: Curve, q: float, steps: range) -> Codec:
    """The numbers of a distribution, rounded down to multiples of `q`; `steps` are the k with k * q in reach."""
    if len(steps) > _MANY:
        return Numbers(
            Curve(lambda number: curve.rank(number + q / 2), lambda share: floor_to(curve.number(share), q))
        )
    edges = [0.0, *(min(max(curve.rank(k * q), 0.0), 1.0) for k in steps[1:]), 1.0]
    return Items(Multiples(q, steps), edges, ordered=True)


class Items:
    def __init__(self, values: Sequence[object], edges: list[float], *, ordered: bool) -> None:
        self.ordered = ordered
        self.edges: Sequence[float] | None = edges
        self._edges = edges
        self._values = values
        self._cells = {identity(value): cell for cell, value in enumerate(values)}

    def encode(self, value: object) -> float | None:
        cell = self._cells.get(identity(value))
        cell = self._nearly(value) if cell is None else cell
        return None if cell is None else (self._edges[cell] + self._edges[cell + 1]) / 2

    def decode(self, point: float) -> object:
        return self._values[min(bisect_right(self._edges, point), len(self._values)) - 1]

    def _nearly(self, value: object) -> int | None:
        """The cell of a number that was written differently: 16 for 16.0, or its last digits lost in text."""
        if not is_number(value):
            return None
        near = (
            cell
            for cell, item in enumerate(self._values)
            if is_number(item) and isclose(item, value, rel_tol=_TOUCH)
        )
        return next(near, None)


class Numbers:
    ordered = True
    edges: Sequence[float] | None = None

    def __init__(self, curve: Curve) -> None:
        self._curve = curve

    def encode(self, value: object) -> float | None:
        rank = self._curve.rank(value) if is_number(value) else -1.0
        return rank if 0 <= rank <= 1 else None

    def decode(self, point: float) -> object:
        return self._curve.number(point)


def _cut(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [0.0, *accumulate(weight / total for weight in weights[:-1]), 1.0]
