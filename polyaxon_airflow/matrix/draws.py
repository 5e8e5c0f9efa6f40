"""Params drawn at random, without repeats: the same that hypertune's random search gives for the same seed."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from polyaxon_airflow.matrix import Params, SpaceExhausted
from polyaxon_airflow.space.identity import identity

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from polyaxon_airflow.space import Space

_PATIENCE = 1000  # draws in a row that were all seen before


def draw(spaces: Mapping[str, Space], seed: int, index: int) -> Params:
    """The `index`-th different params drawn from the spaces. Raises SpaceExhausted if there are not so many."""
    params = next(islice(_draws(spaces, seed), index, None), None)
    if params is None:
        raise SpaceExhausted(f"the search space holds no different params for trial {index}")
    return params


def _draws(spaces: Mapping[str, Space], seed: int) -> Iterator[Params]:
    from numpy.random import RandomState  # the generator that hypertune uses; its stream never changes

    rng = RandomState(seed % 2**32)
    samplers = {name: space.sampler() for name, space in spaces.items()}
    seen: set[Hashable] = set()
    repeats = 0
    while repeats < _PATIENCE:
        params = {name: sampler(rng) for name, sampler in samplers.items()}
        repeats += 1
        if (key := identity(params)) not in seen:
            seen.add(key)
            repeats = 0
            yield params
    yield from _never_drawn(spaces, seen)


def _never_drawn(spaces: Mapping[str, Space], seen: set[Hashable]) -> Iterator[Params]:
    """What is left of a finite space when chance finds nothing new any more, in the order of a grid."""
    lists = [values for space in spaces.values() if (values := space.distinct()) is not None]
    if len(lists) == len(spaces):
        for values in product(*lists):
            params = dict(zip(spaces, values, strict=True))
            if identity(params) not in seen:
                yield params
