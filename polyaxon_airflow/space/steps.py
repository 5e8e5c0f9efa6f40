"""Multiples of a step `q`, for the quantized distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import overload


def floor_to(number: float, q: float) -> float:
    """The multiple of `q` at or below a number, as hypertune rounds (Polyaxon's docs say: nearest).

    >>> floor_to(0.9, 0.25)
    0.75
    """
    return (number // q) * q


def steps_between(low: float, high: float, q: float) -> range:
    """The k for which `floor_to` gives k * q on numbers of [low, high)."""
    first, last = math.floor(low / q), math.ceil(high / q) - 1
    return range(min(first, last), max(first, last) + 1)


class Multiples(Sequence[float]):
    """k * q for each k of `steps`, without making them all."""

    def __init__(self, q: float, steps: range) -> None:
        self._q = q
        self._steps = steps

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> Multiples: ...
    def __getitem__(self, index: int | slice) -> float | Multiples:
        if isinstance(index, slice):
            return Multiples(self._q, self._steps[index])
        return self._steps[index] * self._q
