"""Bayesian optimization: a Gaussian process of the losses, and the points that promise most under it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from polyaxon_airflow.search.acquisition import Acquisition
from polyaxon_airflow.search.cube import Array, Cube, Seen
from polyaxon_airflow.search.gaussian_process import condition, fit, prior_mean
from polyaxon_airflow.search.kernels import Kernel

_FIRST_WIDTHS = (0.2, 0.05, 0.01)  # of the neighbourhoods of the best points seen
_WIDTHS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002)  # of those of the most promising points, one after another
_BEST = 5  # points seen whose neighbours are candidates
_AROUND = 100  # neighbours of them, for each width
_KEPT = 40  # points that stay in the race from one width to the next
_BEAM = 10  # of them, those whose neighbours join it
_NEIGHBOURS = 15  # of each
_TAIL = 2.0  # a loss so many spans (from the best to the upper quartile) above the upper quartile is just bad
_BEND = 3.0  # a difference between losses counts 1 + this times as much next to the best as at the median


@dataclass(frozen=True)
class Options:
    kernel: Kernel
    acquisition: Callable[[float], Acquisition]  # given the size of one standardized unit in losses
    lengths: tuple[
        float, ...
    ] = ()  # length-scales from which hyperparameters are fitted, besides the prior's
    restarts: int = 0  # random starts besides
    candidates: int = 1000  # points of the prior that are scored


def suggest(cube: Cube, seen: Seen, rng: np.random.Generator, options: Options) -> Array:
    """Points to try, the most promising first; one loss at least has to be finite.

    At pending points the model believes its own mean (Ginsbourger et al. 2010).
    """
    y, unit = _standardized(seen.losses)
    features = cube.features(seen.points)
    hyper = fit(options.kernel, features, y, _starts(features.shape[1], options, rng))
    model = condition(options.kernel, hyper, features, y)
    best = float(model.predict(features)[0].min())
    if len(seen.pending):
        shadows = cube.features(seen.pending)
        believed = np.concatenate([y, model.predict(shadows)[0]])
        model = condition(options.kernel, hyper, np.vstack([features, shadows]), believed)
    acquisition = options.acquisition(unit)

    def promise(candidates: Array) -> Array:
        return acquisition(*model.predict(cube.features(candidates)), best)

    return _climb(cube, promise, seen.points[np.argsort(y, kind="stable")[:_BEST]], options.candidates, rng)


def _standardized(losses: Array) -> tuple[Array, float]:
    """Losses with mean 0 and deviation 1, failures and outliers drawn in; and the size of a unit next to the best.

    They are bent by a logarithm, so that the model cares more for differences among good losses than among bad ones
    (as output warping does in Cowen-Rivers et al. 2022 and Song et al. 2024).
    """
    finite = losses[np.isfinite(losses)]
    largest = float(np.abs(finite).max()) or 1.0
    finite = finite / largest
    worst, best = float(finite.max()), float(finite.min())
    upper = float(np.quantile(finite, 0.75))
    y = np.where(np.isfinite(losses), losses / largest, 2 * worst - best)
    if upper > best:
        y = np.minimum(y, upper + _TAIL * (upper - best))
    typical = (float(np.median(y)) - best) or 1.0
    y = np.log1p(_BEND * (y - best) / typical)
    deviation = float(y.std()) or 1.0
    return (y - y.mean()) / deviation, deviation * typical / _BEND * largest


def _starts(dims: int, options: Options, rng: np.random.Generator) -> list[Array]:
    """Where the fit of the hyperparameters starts: at the prior's mean, at given length-scales, at random."""
    mean = prior_mean(dims)
    given = [np.concatenate([np.full(dims, math.log(length)), mean[dims:]]) for length in options.lengths]
    return [mean, *given, *(mean + rng.normal(size=len(mean)) for _ in range(options.restarts))]


def _climb(
    cube: Cube, promise: Callable[[Array], Array], best: Array, candidates: int, rng: np.random.Generator
) -> Array:
    """Points by promise, best first: from the prior and around the best seen, then ever nearer to the best found."""
    around = [cube.near(best[rng.integers(len(best), size=_AROUND)], width, rng) for width in _FIRST_WIDTHS]
    found = np.vstack([cube.uniform(candidates, rng), *around])
    scores = promise(found)
    for width in _WIDTHS:
        kept = np.argsort(-scores, kind="stable")[:_KEPT]
        found, scores = found[kept], scores[kept]
        near = cube.near(np.repeat(found[:_BEAM], _NEIGHBOURS, axis=0), width, rng)
        found, scores = np.vstack([found, near]), np.concatenate([scores, promise(near)])
    return found[np.argsort(-scores, kind="stable")]
