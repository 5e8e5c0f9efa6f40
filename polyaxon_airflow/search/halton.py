"""Start-up points that need no history: a Halton sequence, shifted by the seed (Halton 1960; Cranley and Patterson 1976).

Trials that start side by side take their points by index, so they spread out without knowing of each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import numpy as np

from polyaxon_airflow.search.cube import Array

_SKIPPED = 20  # the first points of a Halton sequence lie along a line in high bases


def halton(index: int, shift: Array) -> Array:
    """The `index`-th point, shifted around the unit cube by `shift`: one coordinate an axis."""
    raw = [_radical_inverse(index + _SKIPPED, base) for base in islice(_primes(), len(shift))]
    return (np.array(raw) + shift) % 1.0


def _radical_inverse(number: int, base: int) -> float:
    """The digits of a number in a base, mirrored at the point: 6 is 110 in base 2, which gives 0.011 = 0.375."""
    inverse, place = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        place /= base
        inverse += digit * place
    return inverse


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in count(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number
