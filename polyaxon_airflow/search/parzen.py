"""Mixtures of kernels around points of the unit cube: where points like these lie (Bergstra et al. 2011).

A mixture has one component a point, which may weigh more than another, and one for the prior. A component is a
product over the axes (multivariate, Falkner et al. 2018): a normal distribution cut to [0, 1] on a continuous axis,
its mass in a cell on an ordered one, and probabilities of the categories else.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from polyaxon_airflow.search import normal
from polyaxon_airflow.search.cube import Array, Axis, Cube, Indexes

_RECENT = 25  # points that count fully; older ones count less the older they are
_SCOTT = 0.1  # bandwidth of one point on an axis of cells
_NARROWEST = 0.03  # bandwidth: with a wider one the good points never close in on a minimum (Watanabe 2023)
_FLOOR = 1e-12


class _Margin(Protocol):
    """One axis of a mixture; arrays have one row a candidate, one column a component."""

    def sample(self, components: Indexes, rng: np.random.Generator) -> Array: ...

    def log_density(self, candidates: Array) -> Array: ...


class Mixture:
    """`points` lie one a row; the prior counts as much as a point of weight 1."""

    def __init__(self, cube: Cube, points: Array, weights: Array) -> None:
        self._weights = np.append(weights, 1.0) / (weights.sum() + 1.0)
        self._margins = [_margin(axis, points[:, d], cube.dims) for d, axis in enumerate(cube.axes)]

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """Points drawn from the mixture, one a row."""
        components = rng.choice(len(self._weights), size=count, p=self._weights)
        return np.column_stack([margin.sample(components, rng) for margin in self._margins])

    def log_density(self, points: Array) -> Array:
        """Log of the mixture's density at each point."""
        logs = np.log(self._weights) + sum(
            margin.log_density(points[:, d]) for d, margin in enumerate(self._margins)
        )
        most = logs.max(axis=1, keepdims=True)
        return (most + np.log(np.exp(logs - most).sum(axis=1, keepdims=True)))[:, 0]


def by_rank(count: int) -> Array:
    """Weights of points, the best first: 1 on average, falling with the logarithm of the rank (Hansen and Kern 2004)."""
    weights = np.log(count + 1) - np.log(np.arange(1, count + 1))
    return weights / weights.mean()


def by_age(count: int) -> Array:
    """Weights of points, the oldest first: a ramp over old ones, 1 for each recent one (Bergstra et al. 2013)."""
    ramp = np.linspace(1 / count, 1, count - _RECENT) if count > _RECENT else np.empty(0)
    return np.concatenate([ramp, np.ones(min(count, _RECENT))])


def _margin(axis: Axis, centers: Array, dims: int) -> _Margin:
    if not axis.ordered:
        return _Categories(axis, centers)
    widths = _scott(centers, dims) if axis.cells else _to_neighbours(centers)
    centers, widths = np.append(centers, 0.5), np.append(np.maximum(widths, _NARROWEST), 1.0)
    return _Cells(axis, centers, widths) if axis.cells else _Line(centers, widths)


def _scott(centers: Array, dims: int) -> Array:
    """One bandwidth for all points, narrower the more there are (Scott 1992)."""
    count = len(centers)
    return np.full(count, _SCOTT * max(count, 1) ** (-1 / (dims + 4)))


def _to_neighbours(centers: Array) -> Array:
    """The distance of each point to the farther of its neighbours; the outermost only look inwards."""
    count = len(centers)
    if count < 2:
        return np.ones(count)
    order = np.argsort(centers, kind="stable")
    gaps = np.diff(centers[order])
    widths = np.empty(count)
    widths[order] = np.maximum(np.append(gaps, gaps[-1]), np.insert(gaps, 0, gaps[0]))
    return widths


class _Line:
    """Normal distributions cut to [0, 1]."""

    def __init__(self, centers: Array, widths: Array) -> None:
        self._centers, self._widths = centers, widths
        self._mass = normal.cdf((1 - centers) / widths) - normal.cdf(-centers / widths)

    def sample(self, components: Indexes, rng: np.random.Generator) -> Array:
        centers, widths = self._centers[components], self._widths[components]
        drawn = rng.normal(centers, widths)
        while (outside := (drawn < 0) | (drawn > 1)).any():  # at least about 3 of 10 draws come inside
            drawn[outside] = rng.normal(centers[outside], widths[outside])
        return drawn

    def log_density(self, candidates: Array) -> Array:
        z = (candidates[:, None] - self._centers) / self._widths
        return normal.log_density(z) - np.log(self._widths * self._mass)


class _Cells(_Line):
    """The masses of such distributions in cells."""

    def __init__(self, axis: Axis, centers: Array, widths: Array) -> None:
        super().__init__(centers, widths)
        self._axis = axis

    def sample(self, components: Indexes, rng: np.random.Generator) -> Array:
        return self._axis.snap(super().sample(components, rng))

    def log_density(self, candidates: Array) -> Array:
        cells = self._axis.cell(candidates)
        low, high = self._axis.edges[cells, None], self._axis.edges[cells + 1, None]
        mass = normal.cdf((high - self._centers) / self._widths) - normal.cdf(
            (low - self._centers) / self._widths
        )
        return np.log(np.maximum(mass, _FLOOR)) - np.log(self._mass)


class _Categories:
    """Probabilities of categories: the prior's, and for each point one more count of its category."""

    def __init__(self, axis: Axis, centers: Array) -> None:
        count = len(centers)
        prior = np.diff(axis.edges)
        table = np.tile(prior * axis.cells / (count + 1), (count + 1, 1))
        table[np.arange(count), axis.cell(centers)] += 1
        table[count] = prior
        self._axis = axis
        self._table = table / table.sum(axis=1, keepdims=True)  # one row a component, one column a category

    def sample(self, components: Indexes, rng: np.random.Generator) -> Array:
        above = rng.random(len(components))[:, None] > self._table[components].cumsum(axis=1)[:, :-1]
        return self._axis.middles[above.sum(axis=1)]

    def log_density(self, candidates: Array) -> Array:
        return np.log(np.maximum(self._table[:, self._axis.cell(candidates)].T, _FLOOR))
