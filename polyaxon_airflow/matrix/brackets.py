"""The brackets of Hyperband: how many trials run with how much of the resource (Li et al. 2018, algorithm 1).

Arithmetic is exact: in floats, log(243) / log(3) falls short of 5, and 50 / 27 * 27 short of 50.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple


class Rung(NamedTuple):
    runs: int
    resource: float  # of each run, in the unit of `resource:` (epochs, seconds, ...)


class Slot(NamedTuple):
    """The place of one trial."""

    bracket: int  # its place in `brackets()`
    rung: int  # 0 is the lowest
    rank: int  # 0 is the best survivor of the rung below
    runs: int  # of this rung
    resource: float  # of each run
    below: range  # trials of the rung below, empty for the lowest


def brackets(most: int, eta: float) -> list[list[Rung]]:
    """The rungs of each bracket, most runs first; `most` is the paper's R, at least 1, and eta is above 1.

    >>> brackets(9, 3)
    [[Rung(runs=9, resource=1.0), Rung(runs=3, resource=3.0), Rung(runs=1, resource=9.0)],
     [Rung(runs=5, resource=3.0), Rung(runs=1, resource=9.0)], [Rung(runs=3, resource=9.0)]]
    """
    ratio = Fraction(repr(eta))  # 2.7 means 27/10
    deepest = next(s for s in range(most + 1) if ratio ** (s + 1) > most)
    return [_rungs(most, ratio, s, deepest) for s in range(deepest, -1, -1)]


def _rungs(most: int, eta: Fraction, s: int, deepest: int) -> list[Rung]:
    """Successive halving from n runs with R eta^-s each: floor(n eta^-k) runs with R eta^(k - s)."""
    runs = math.ceil((deepest + 1) * eta**s / (s + 1))
    return [Rung(math.floor(runs / eta**k), float(most * eta ** (k - s))) for k in range(s + 1)]


def slot(rungs_of_brackets: list[list[Rung]], index: int) -> Slot:
    """The place of trial `index`: brackets one after another, each from its lowest rung up."""
    first = 0
    for bracket, rungs in enumerate(rungs_of_brackets):
        below = range(first, first)
        for height, rung in enumerate(rungs):
            if index < first + rung.runs:
                return Slot(bracket, height, index - first, rung.runs, rung.resource, below)
            below = range(first, first + rung.runs)
            first += rung.runs
    raise IndexError(index)
