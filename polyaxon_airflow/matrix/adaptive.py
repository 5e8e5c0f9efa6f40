"""Search that learns: from trials to points of the unit cube, and from suggested points back to new params."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice, product
from typing import TYPE_CHECKING, TypeAlias

from polyaxon_airflow.matrix import Params, SpaceExhausted, Trial
from polyaxon_airflow.matrix.outcomes import PENDING, loss

if TYPE_CHECKING:
    import numpy as np

    from polyaxon_airflow.matrix.fields import Metric
    from polyaxon_airflow.search.cube import Array, Cube, Seen
    from polyaxon_airflow.space import Space

    Engine: TypeAlias = Callable[[Cube, Seen, np.random.Generator], Iterable[Array]]

Point: TypeAlias = tuple[float, ...]

_STARTUP = 10  # trials that take their params from a Halton sequence
_ENOUGH = 4  # trials with a value, before which no engine is asked
_TRIES = 256  # random points looked at for new params, before a finite space is walked through


class Search:
    """A search over some spaces with a seed; each answer depends on nothing but that and the arguments."""

    def __init__(self, spaces: Mapping[str, Space], seed: int, startup: int = _STARTUP) -> None:
        from polyaxon_airflow.search.cube import Axis, Cube

        self._seed = seed
        self._startup = startup
        self._codecs = {name: space.codec() for name, space in spaces.items()}
        self._cube = Cube([Axis(codec.edges or (), ordered=codec.ordered) for codec in self._codecs.values()])

    def ask(self, index: int, history: Sequence[Trial], metric: Metric, engine: Engine) -> Params:
        """New params: first by index from a Halton sequence, then from the engine.

        Trials whose params lie outside of the spaces are ignored. Raises SpaceExhausted if there are no new params.
        """
        rng = generator(self._seed, "ask", index)
        others = (trial for trial in history if trial.index != index and trial.state != "skipped")
        trials = sorted(others, key=lambda trial: trial.index)
        known = [(trial, point) for trial in trials if (point := self._encode(trial.params)) is not None]
        losses = [loss(trial, metric) for trial, _ in known if trial.state not in PENDING]
        if index < self._startup or sum(map(math.isfinite, losses)) < min(self._startup, _ENOUGH):
            points: Iterable[Array] = self._spread(index)
        else:
            points = engine(self._cube, self._seen(known, losses), rng)
        return self._first_new(points, {point for _, point in known}, rng)

    def _seen(self, known: Sequence[tuple[Trial, Point]], losses: Sequence[float]) -> Seen:
        import numpy as np

        from polyaxon_airflow.search.cube import Seen

        finished = [point for trial, point in known if trial.state not in PENDING]
        pending = [point for trial, point in known if trial.state in PENDING]
        return Seen(np.array(finished), np.array(losses), np.array(pending).reshape(-1, self._cube.dims))

    def _spread(self, index: int) -> Iterator[Array]:
        """The `index`-th new point of a Halton sequence: known without history, and no other index has it."""
        from polyaxon_airflow.search.halton import halton

        shift = generator(self._seed, "shift").random(self._cube.dims)
        seen: set[Point] = set()
        for number in islice(count(), _TRIES * (index + 1)):
            point = halton(number, shift)
            seen.add(self._canonical(point.tolist()))
            if len(seen) > index:
                yield point
                return

    def _first_new(self, points: Iterable[Array], taken: set[Point], rng: np.random.Generator) -> Params:
        """The params of the first point that no other trial has; else of a random one, else of any that is left."""
        suggested = (point.tolist() for point in chain(points, rng.random((_TRIES, self._cube.dims))))
        for point in chain(suggested, self._all_cells()):
            if self._canonical(point) not in taken:
                return self._decode(point)
        raise SpaceExhausted(f"all {len(taken)} params that the search space holds have been given out")

    def _all_cells(self) -> Iterator[Sequence[float]]:
        """Every point of a finite space, in the order of a grid; none of one without end."""
        if not all(axis.cells for axis in self._cube.axes):
            return iter(())
        return product(*(axis.middles.tolist() for axis in self._cube.axes))

    def _canonical(self, point: Sequence[float]) -> Point:
        """The point that stands for all points with the same params."""
        encoded = self._encode(self._decode(point))
        return tuple(point) if encoded is None else encoded

    def _decode(self, point: Sequence[float]) -> Params:
        return {name: codec.decode(at) for (name, codec), at in zip(self._codecs.items(), point, strict=True)}

    def _encode(self, params: Mapping[str, object]) -> Point | None:
        """The point of params, extra ones ignored; None if one is missing or outside of its space."""
        point = []
        for name, codec in self._codecs.items():
            at = codec.encode(params[name]) if name in params else None
            if at is None:
                return None
            point.append(at)
        return tuple(point)


def generator(*key: object) -> np.random.Generator:
    """A generator of its own for each key."""
    from numpy.random import default_rng

    digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=16).digest()
    return default_rng(int.from_bytes(digest, "big"))
