"""A Gaussian process over few points (Rasmussen and Williams 2006, chapters 2 and 5), hyperparameters by MAP.

Losses come in standardized: mean 0, standard deviation 1. Features have one row a point.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from polyaxon_airflow.search.cube import Array
from polyaxon_airflow.search.kernels import Kernel, distances
from polyaxon_airflow.search.minimize import minimize

_JITTER = 1e-8
_STEPS = 40  # of the minimizer
_TOLERANCE = 1e-3  # in log posterior
_VARIANCE = (0.0, 1.0)  # mean and deviation of the prior on the logarithm of the signal's variance
_NOISE = (-6.0, 2.0)  # and of the noise's
_LENGTH_DEVIATION = 1.0


class Hyperparameters(NamedTuple):
    lengths: Array  # length-scale of each feature
    variance: float
    noise: float


class Posterior(NamedTuple):
    """The process, given losses at points."""

    kernel: Kernel
    hyper: Hyperparameters
    scaled: Array  # features / lengths
    inverse: Array  # of the Cholesky factor of the covariance of the losses
    weights: Array  # covariance^-1 losses

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the loss at each of other points."""
        cross = self.hyper.variance * self.kernel.value(distances(self.scaled, features / self.hyper.lengths))
        explained = self.inverse @ cross
        variance = self.hyper.variance - (explained * explained).sum(0)
        return cross.T @ self.weights, np.sqrt(np.maximum(variance, 1e-12))


def condition(kernel: Kernel, hyper: Hyperparameters, features: Array, losses: Array) -> Posterior:
    """The process that goes through the losses, but for the noise."""
    scaled = features / hyper.lengths
    covariance = hyper.variance * kernel.value(distances(scaled, scaled))
    covariance[np.diag_indices_from(covariance)] = hyper.variance + hyper.noise + _JITTER
    inverse = np.linalg.inv(np.linalg.cholesky(covariance))
    return Posterior(kernel, hyper, scaled, inverse, inverse.T @ (inverse @ losses))


def fit(kernel: Kernel, features: Array, losses: Array, starts: list[Array]) -> Hyperparameters:
    """The hyperparameters of the highest posterior, of those that the starts lead to.

    A start is the logarithms of lengths, variance and noise in one row; see `prior_mean`.
    """
    objective = _Objective(kernel, features, losses)
    found = [minimize(objective, start, _STEPS, _TOLERANCE) for start in starts]
    return _unpacked(min(found, key=lambda minimum: minimum.value).x)


def prior_mean(dims: int) -> Array:
    """Longer length-scales where there are more dimensions, else all points are far from each other (Hvarfner et al. 2024)."""
    return np.array([math.sqrt(2) - 1 + 0.5 * math.log(dims)] * dims + [_VARIANCE[0], _NOISE[0]])


def _unpacked(logs: Array) -> Hyperparameters:
    return Hyperparameters(np.exp(logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1]))


class _Objective:
    """The negative log posterior of hyperparameters and its gradient, by their logarithms."""

    def __init__(self, kernel: Kernel, features: Array, losses: Array) -> None:
        dims = features.shape[1]
        self._kernel, self._features, self._losses = kernel, features, losses
        self._mean = prior_mean(dims)
        self._deviation = np.array([_LENGTH_DEVIATION] * dims + [_VARIANCE[1], _NOISE[1]])

    def __call__(self, logs: Array) -> tuple[float, Array]:
        hyper = _unpacked(logs)
        try:
            likelihood, gradient = self._likelihood(hyper)
        except np.linalg.LinAlgError:
            return math.inf, np.zeros_like(logs)
        off = (logs - self._mean) / self._deviation
        return likelihood + 0.5 * float(off @ off), gradient + off / self._deviation

    def _likelihood(self, hyper: Hyperparameters) -> tuple[float, Array]:
        """Rasmussen and Williams, equations 5.8 and 5.9, negated."""
        scaled = self._features / hyper.lengths
        apart = distances(scaled, scaled)
        np.fill_diagonal(apart, 0)
        signal = hyper.variance * self._kernel.value(apart)
        factor = np.linalg.cholesky(signal + (hyper.noise + _JITTER) * np.eye(len(signal)))
        inverse = np.linalg.inv(factor)
        precision = inverse.T @ inverse
        weights = precision @ self._losses
        value = 0.5 * float(self._losses @ weights) + float(np.log(np.diag(factor)).sum())
        pull = precision - np.outer(weights, weights)  # d value = sum(pull * d covariance) / 2
        sloped = pull * (hyper.variance * self._kernel.slope(apart))
        np.fill_diagonal(sloped, 0)  # a point is 0 from itself, however steep the kernel is there
        by_length = sloped.sum(1) @ scaled**2 - ((sloped @ scaled) * scaled).sum(0)
        return value, np.array([*by_length, 0.5 * (pull * signal).sum(), 0.5 * hyper.noise * np.trace(pull)])
