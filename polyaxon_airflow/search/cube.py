"""The unit cube of all parameters: axes that are continuous, or cut into cells that are ordered or are not.

Points are arrays with one row a point and one column an axis. A point on an axis with cells counts as the
middle of its cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Indexes: TypeAlias = NDArray[np.int64]

_APART = math.sqrt(0.5)  # two categories that differ are 1 apart, as far as the ends of an ordered axis
_STEP = 0.7  # cells, a neighbour's standard deviation at least: it leaves its cell about half of the time
_STAY = 0.7  # how often a neighbour keeps its category


class Axis:
    """One parameter: continuous without `edges`, else in cells between them, from 0.0 to 1.0."""

    def __init__(self, edges: Sequence[float] = (), *, ordered: bool = True) -> None:
        self.edges = np.asarray(edges, dtype=float)
        self.ordered = ordered
        self.cells = max(len(self.edges) - 1, 0)
        self.middles = (self.edges[:-1] + self.edges[1:]) / 2

    def cell(self, points: Array) -> Indexes:
        """The cell of each point; for an axis with cells."""
        return np.clip(np.searchsorted(self.edges, points, side="right") - 1, 0, self.cells - 1)

    def snap(self, points: Array) -> Array:
        """Points in the middles of their cells."""
        return self.middles[self.cell(points)] if self.cells else points

    def features(self, points: Array) -> Array:
        """Columns whose distances mean something: the coordinate, or one column a category."""
        return points[:, None] if self.ordered else np.eye(self.cells)[self.cell(points)] * _APART

    def near(self, points: Array, width: float, rng: np.random.Generator) -> Array:
        """A neighbour of each point, about `width` away, or a cell; another category now and then."""
        if not self.cells:
            return np.clip(points + rng.normal(0, width, len(points)), 0, 1)
        if not self.ordered:
            return np.where(
                rng.random(len(points)) < _STAY,
                points,
                self.middles[rng.integers(self.cells, size=len(points))],
            )
        steps = np.round(rng.normal(0, max(width * self.cells, _STEP), len(points))).astype(int)
        return self.middles[np.clip(self.cell(points) + steps, 0, self.cells - 1)]


class Seen(NamedTuple):
    """What trials have shown."""

    points: Array  # of finished trials, the oldest first
    losses: Array  # of each; inf is a failure
    pending: Array  # points at which trials run


class Cube:
    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = tuple(axes)
        self.dims = len(self.axes)

    def snap(self, points: Array) -> Array:
        """Points in the middles of their cells, where axes have cells."""
        return np.column_stack([axis.snap(points[:, d]) for d, axis in enumerate(self.axes)])

    def uniform(self, count: int, rng: np.random.Generator) -> Array:
        """Points of the prior."""
        return self.snap(rng.random((count, self.dims)))

    def features(self, points: Array) -> Array:
        """Points as rows whose distances mean something, for models that look at distances."""
        return np.hstack([axis.features(points[:, d]) for d, axis in enumerate(self.axes)])

    def near(self, points: Array, width: float, rng: np.random.Generator) -> Array:
        """A neighbour of each point: about every second coordinate is moved by about `width`."""
        moved = np.column_stack([axis.near(points[:, d], width, rng) for d, axis in enumerate(self.axes)])
        return np.where(rng.random(points.shape) < max(0.5, 1 / self.dims), moved, points)
