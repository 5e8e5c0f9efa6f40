"""hyperopt's own algorithms (github.com/hyperopt/hyperopt), asked without a state of theirs.

Each call rebuilds their `Trials` from what has been seen, which gives the very suggestions that `fmin` would
get. Ordered cells are given to hyperopt by index, so that it knows that neighbours are alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from hyperopt import anneal, base, hp, rand, tpe, trials_from_docs

from polyaxon_airflow.search.cube import Array, Axis, Cube, Seen

ALGORITHMS = {"tpe": tpe.suggest, "rand": rand.suggest, "anneal": anneal.suggest}

_ATTEMPTS = 20  # suggestions that a caller may refuse because they are known
_UNEVEN = 1e-9
_DONE, _RUNNING = base.JOB_STATE_DONE, base.JOB_STATE_RUNNING


def suggest(cube: Cube, seen: Seen, rng: np.random.Generator, algorithm: str) -> Iterator[Array]:
    """Points to try, one after another, each from a seed of its own.

    hyperopt's TPE draws from the prior until it knows 20 trials. Pending and failed points count as bad.
    """
    domain = base.Domain(None, {str(d): _variable(str(d), axis) for d, axis in enumerate(cube.axes)})
    trials = trials_from_docs(_documents(cube, seen), validate=False)
    for _ in range(_ATTEMPTS):
        found = ALGORITHMS[algorithm]([_new_id(seen)], domain, trials, int(rng.integers(2**31 - 1)))
        values = found[0]["misc"]["vals"]
        yield np.array([_point(axis, values[str(d)][0]) for d, axis in enumerate(cube.axes)])


def _variable(name: str, axis: Axis) -> Any:
    if not axis.ordered:
        return hp.pchoice(name, [(weight, cell) for cell, weight in enumerate(np.diff(axis.edges).tolist())])
    if _by_index(axis):  # not uniformint, which gives the ends half of their share
        return hp.quniform(name, -0.4999, axis.cells - 0.5001, 1)
    return hp.uniform(name, 0, 1)


def _by_index(axis: Axis) -> bool:
    """Whether hyperopt gets the index of a cell; cells of different widths stay a continuum, which knows them."""
    return axis.cells > 0 and (not axis.ordered or float(np.ptp(np.diff(axis.edges))) < _UNEVEN)


def _value(axis: Axis, point: float) -> float | int:
    if not _by_index(axis):
        return point
    cell = int(axis.cell(np.array(point)))
    return float(cell) if axis.ordered else cell


def _point(axis: Axis, value: float) -> float:
    at = axis.middles[round(value)] if _by_index(axis) else value
    return float(at)


def _documents(cube: Cube, seen: Seen) -> list[dict[str, Any]]:
    finished = [
        _document(cube, tid, point, loss)
        for tid, (point, loss) in enumerate(zip(seen.points, seen.losses, strict=True))
    ]
    return finished + [
        _document(cube, len(finished) + place, point, None) for place, point in enumerate(seen.pending)
    ]


def _document(cube: Cube, tid: int, point: Array, loss: float | None) -> dict[str, Any]:
    """A trial as hyperopt keeps it; `loss` is None for a running one, inf for a failed one."""
    values = {str(d): [_value(axis, point[d])] for d, axis in enumerate(cube.axes)}
    ended = (
        {"status": base.STATUS_OK, "loss": loss}
        if loss is not None and math.isfinite(loss)
        else {"status": base.STATUS_FAIL}
    )
    return {
        "tid": tid,
        "spec": None,
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
        "state": _RUNNING if loss is None else _DONE,
        "result": {"status": base.STATUS_RUNNING} if loss is None else ended,
        "misc": {
            "tid": tid,
            "cmd": None,
            "workdir": None,
            "idxs": {name: [tid] for name in values},
            "vals": values,
        },
    }


def _new_id(seen: Seen) -> int:
    return len(seen.points) + len(seen.pending)
