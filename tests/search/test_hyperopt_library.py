"""hyperopt, asked without a state, against hyperopt's own loop."""

import math

import numpy as np
import pytest
from hyperopt import STATUS_OK, Trials, fmin, hp, tpe

from polyaxon_airflow.search import hyperopt_library
from polyaxon_airflow.search.cube import Axis, Cube, Seen

CUBE = Cube([Axis(), Axis([0, 0.25, 0.5, 0.75, 1]), Axis([0, 0.25, 1], ordered=False)])


class Once:
    """A generator that gives one given seed, as hyperopt's own loop did."""

    def __init__(self, seed):
        self.seed = seed

    def integers(self, _high):
        return self.seed


def test_tpe_gives_what_fmin_gives():
    """30 trials of `fmin`, which is past its 20 random ones; its 31st is our answer to the first 30."""
    space = {
        "0": hp.uniform("0", 0, 1),
        "1": hp.quniform("1", -0.4999, 3.5001 - 0.0002, 1),
        "2": hp.pchoice("2", [(0.25, 0), (0.75, 1)]),
    }
    seeds = []

    def algorithm(new_ids, domain, trials, seed):
        seeds.append(seed)
        return tpe.suggest(new_ids, domain, trials, seed, verbose=False)

    def loss(params):
        return {"status": STATUS_OK, "loss": abs(params["0"] - 0.3) + params["1"] + params["2"]}

    trials = Trials()
    fmin(loss, space, algorithm, 31, trials=trials, rstate=np.random.default_rng(7), show_progressbar=False)
    rows = [
        [values[name][0] for name in ("0", "1", "2")]
        for values in (trial["misc"]["vals"] for trial in trials.trials)
    ]
    points = np.array(
        [[x, CUBE.axes[1].middles[int(cell)], CUBE.axes[2].middles[category]] for x, cell, category in rows]
    )
    seen = Seen(points[:30], np.array(trials.losses()[:30]), np.empty((0, 3)))
    found = next(iter(hyperopt_library.suggest(CUBE, seen, Once(seeds[30]), "tpe")))
    assert found == pytest.approx(points[30])


@pytest.mark.parametrize("algorithm", ["tpe", "rand", "anneal"])
def test_failed_and_running_trials_do_no_harm(algorithm):
    rng = np.random.default_rng(0)
    points = CUBE.uniform(30, rng)
    losses = np.where(np.arange(25) % 3, points[:25, 0], math.inf)
    found = next(iter(hyperopt_library.suggest(CUBE, Seen(points[:25], losses, points[25:]), rng, algorithm)))
    assert found == pytest.approx(CUBE.snap(found[None])[0])
    assert found.min() >= 0
    assert found.max() <= 1


def test_uneven_cells_stay_a_continuum():
    """The widths of cells are the prior, which an index would lose: the wide cell is drawn as often as it is wide."""
    cube = Cube([Axis([0, 0.8, 0.9, 1])])
    empty = Seen(np.empty((0, 1)), np.empty(0), np.empty((0, 1)))
    draws = [
        next(iter(hyperopt_library.suggest(cube, empty, np.random.default_rng(seed), "rand")))
        for seed in range(200)
    ]
    assert np.mean(np.array(draws) < 0.8) == pytest.approx(0.8, abs=0.1)
