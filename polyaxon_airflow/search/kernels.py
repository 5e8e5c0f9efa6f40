"""Covariance functions of a Gaussian process, by scaled distance r (Rasmussen and Williams 2006, chapter 4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from polyaxon_airflow.search.cube import Array

_NEAR = 1e-6  # keeps the derivative of the exponential kernel finite at r = 0

Profile: TypeAlias = Callable[[Array], Array]


class Kernel(NamedTuple):
    """k(r) with k(0) = 1, and its slope -k'(r) / r, which the gradients by log length-scale need."""

    value: Profile
    slope: Profile


def matern(nu: float) -> Kernel:
    """The Matern kernel of the smoothness 1/2, 3/2 or 5/2 that is nearest to `nu`; the smoothest above that is rbf."""
    if nu < 1:
        return Kernel(lambda r: np.exp(-r), lambda r: np.exp(-r) / np.maximum(r, _NEAR))
    if nu < 2:
        a = math.sqrt(3)
        return Kernel(lambda r: (1 + a * r) * np.exp(-a * r), lambda r: 3 * np.exp(-a * r))
    a = math.sqrt(5)
    return Kernel(
        lambda r: (1 + a * r + 5 / 3 * r * r) * np.exp(-a * r),
        lambda r: 5 / 3 * (1 + a * r) * np.exp(-a * r),
    )


def rbf() -> Kernel:
    return Kernel(lambda r: np.exp(-0.5 * r * r), lambda r: np.exp(-0.5 * r * r))


def distances(left: Array, right: Array) -> Array:
    """Euclidean distances: one row a point of `left`, one column a point of `right`."""
    squares = (left * left).sum(1)[:, None] + (right * right).sum(1)[None, :] - 2 * left @ right.T
    return np.sqrt(np.maximum(squares, 0))
