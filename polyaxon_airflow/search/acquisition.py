"""How promising points are, from the mean and deviation of their loss: more is better.

`best` is the smallest loss of the model so far. All are in logarithms or unbounded, so that far from the best,
where improvement underflows, there is still a slope to climb (Ament et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from polyaxon_airflow.search import normal
from polyaxon_airflow.search.cube import Array

Acquisition: TypeAlias = Callable[[Array, Array, float], Array]
"""Means, deviations, best -> scores."""

_FAR = -30.0  # where phi(z) + z Phi(z) is phi(z) / z^2 to a thousandth


def expected_improvement(eps: float = 0.0) -> Acquisition:
    """Log E[max(best - eps - loss, 0)] (Jones et al. 1998)."""

    def score(mean: Array, deviation: Array, best: float) -> Array:
        z = (best - eps - mean) / deviation
        near = np.maximum(z, _FAR)
        gain = np.exp(normal.log_density(near)) + near * normal.cdf(near)
        far = normal.log_density(z) - 2 * np.log(np.maximum(-z, 1))
        return np.log(deviation) + np.where(z > _FAR, np.log(np.maximum(gain, 1e-300)), far)

    return score


def probability_of_improvement(eps: float = 0.0) -> Acquisition:
    """Log P[loss < best - eps] (Kushner 1964)."""
    return lambda mean, deviation, best: normal.log_cdf((best - eps - mean) / deviation)


def confidence_bound(kappa: float) -> Acquisition:
    """How low the loss may be, kappa deviations below its mean (Srinivas et al. 2010)."""
    return lambda mean, deviation, _best: kappa * deviation - mean
