"""A quasi-Newton minimizer for a handful of variables: BFGS with backtracking (Nocedal and Wright 2006, 6.1, 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from polyaxon_airflow.search.cube import Array

_SUFFICIENT = 1e-4  # of the decrease that the slope promises
_LONGEST = 2.0  # a step's length in any variable; the variables here are logarithms
_HALVINGS = 20  # of a step that does not gain
_FLAT = 1e-12  # curvature that tells nothing


class Minimum(NamedTuple):
    value: float
    gradient: Array
    x: Array


def minimize(
    function: Callable[[Array], tuple[float, Array]], start: Array, steps: int, tolerance: float
) -> Minimum:
    """The smallest value that so many steps find; they end when one gains less than `tolerance`.

    `function` gives value and gradient, and inf where it is not defined.
    """
    here = Minimum(*function(start), start)
    inverse = np.eye(len(start))  # of the Hessian, as far as it is known
    for _ in range(steps):
        there = _step(function, here, -inverse @ here.gradient) or _step(function, here, -here.gradient)
        if there is None or here.value - there.value < tolerance:
            return there or here
        inverse = _updated(inverse, there.x - here.x, there.gradient - here.gradient)
        here = there
    return here


def _step(
    function: Callable[[Array], tuple[float, Array]], here: Minimum, direction: Array
) -> Minimum | None:
    """A point in a direction that gains enough, or None."""
    longest = float(np.abs(direction).max())
    slope = float(here.gradient @ direction)
    scale = min(1.0, _LONGEST / longest) if longest > 0 else 0.0
    for _ in range(_HALVINGS if slope < 0 else 0):
        x = here.x + scale * direction
        there = Minimum(*function(x), x)
        if there.value <= here.value + _SUFFICIENT * scale * slope:
            return there
        scale /= 2
    return None


def _updated(inverse: Array, step: Array, change: Array) -> Array:
    """The BFGS update, left out where the curvature is not positive."""
    curvature = float(step @ change)
    if curvature <= _FLAT:
        return inverse
    left = np.eye(len(step)) - np.outer(step, change) / curvature
    return left @ inverse @ left.T + np.outer(step, step) / curvature
