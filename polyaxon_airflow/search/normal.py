"""The normal distribution in numpy, which has no erf; precise in the tails, where acquisition functions live."""

from __future__ import annotations

import math

import numpy as np

from polyaxon_airflow.search.cube import Array

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
# erfc(x) = t exp(-x^2 + P(t)), t = 2 / (2 + x): relative error below 1.2e-7 (Press et al., Numerical Recipes, 6.2).
_ERFC = (
    -1.26551223,
    1.00002368,
    0.37409196,
    0.09678418,
    -0.18628806,
    0.27886807,
    -1.13520398,
    1.48851587,
    -0.82215223,
    0.17087277,
)


def log_density(z: Array) -> Array:
    return -0.5 * z * z - _LOG_SQRT_2PI


def cdf(z: Array) -> Array:
    """The share of a standard normal distribution below z."""
    tail = 0.5 * np.exp(_log_erfc(np.abs(z) / math.sqrt(2)))
    return np.where(z < 0, tail, 1 - tail)


def log_cdf(z: Array) -> Array:
    tail = _log_erfc(np.abs(z) / math.sqrt(2)) - math.log(2)
    return np.where(z < 0, tail, np.log1p(-np.exp(tail)))


def _log_erfc(x: Array) -> Array:
    """Log erfc of numbers at or above 0."""
    t = 2 / (2 + x)
    return np.log(t) - x * x + np.polynomial.polynomial.polyval(t, _ERFC)
