"""Multiples of a step `q`, for the quantized distributions."""

from __future__ import annotations

import math


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
