"""The four distributions of numbers, as curves between a number and the share of draws below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_TAIL = 1e-6  # where the infinite ends of a bell are cut for a search engine: 4.75 standard deviations
_NOWHERE = -1.0  # the rank of a number that a distribution cannot give


class Curve(NamedTuple):
    rank: Callable[[float], float]  # the share of draws below a number, in [0, 1]
    number: Callable[[float], float]  # its inverse


def uniform(low: float, high: float) -> Curve:
    low, high = min(low, high), max(low, high)
    width = high - low
    return Curve(lambda number: (number - low) / width, lambda share: low + share * width)


def normal(loc: float, scale: float) -> Curve:
    from statistics import NormalDist

    bell = NormalDist(loc, scale)
    return Curve(bell.cdf, lambda share: bell.inv_cdf(min(max(share, _TAIL), 1 - _TAIL)))


def of_logarithm(curve: Curve) -> Curve:
    """The curve of numbers whose natural logarithms have the given curve."""
    return Curve(
        lambda number: curve.rank(math.log(number)) if number > 0 else _NOWHERE,
        lambda share: math.exp(curve.number(share)),
    )
