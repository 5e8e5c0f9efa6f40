"""What one suggestion costs with so many observations: numbers N7. CPU time, interleaved, medians."""

from __future__ import annotations

import statistics
import time

import numpy as np

from polyaxon_airflow.matrix import Trial
from searching.engines import Hypertune, Optuna, Ours
from searching.tasks import Task, box

SPACES = box(6, 0, 1)
OBSERVATIONS = (100, 1000)
FEW = 20  # what hypertune's bayes is measured with, too


def measure(repeats):
    """Milliseconds by engine and number of observations: median, and the least and most of the repeats."""
    found = {}
    for count in (FEW, *OBSERVATIONS):
        asks = {name: engine for name, engine in engines(count).items() if engine is not None}
        times = {name: [] for name in asks}
        for repeat in range(repeats):
            for name, ask in asks.items():
                started = time.process_time()
                ask(count + repeat)
                times[name].append(1000 * (time.process_time() - started))
        found[count] = {
            name: {
                "median": round(statistics.median(t), 3),
                "least": round(min(t), 3),
                "most": round(max(t), 3),
            }
            for name, t in times.items()
        }
    return found


def engines(count):
    """Functions that suggest once, given an index."""
    task = Task("sphere", SPACES, lambda params: float(sum(value**2 for value in params.values())), 0.0)
    rng = np.random.default_rng(0)
    points = rng.random((count, 6)).tolist()
    history = [
        Trial(index, dict(zip(SPACES, point, strict=True)), float(sum(x * x for x in point)), "succeeded")
        for index, point in enumerate(points)
    ]
    return {
        "tpe": ours("tpe", task, history),
        "bayes": ours("bayes", task, history),
        "random": ours("random", task, history),
        "hyperopt": ours("hyperopt", task, history),
        "optuna_tpe": optuna(task, history),
        "hypertune_tpe": hypertune("tpe", task, history),
        "hypertune_bayes": hypertune("bayes", task, history) if count <= OBSERVATIONS[0] else None,
    }


def ours(kind, task, history):
    engine = Ours(kind, task, 0, len(history) + 100)
    return lambda index: engine.ask(index, history)


def optuna(task, history):
    """A study in memory that holds the trials already: its favourable case."""
    from optuna.distributions import FloatDistribution
    from optuna.trial import create_trial

    engine = Optuna("tpe", task, 0, 0)
    distributions = {name: FloatDistribution(*space["value"]) for name, space in SPACES.items()}
    for trial in history:
        engine.study.add_trial(
            create_trial(params=dict(trial.params), distributions=distributions, value=trial.value)
        )

    def ask(index):
        engine.ask(index, history)
        engine.tell(index, 3.0)

    return ask


def hypertune(kind, task, history):
    engine = Hypertune(kind, task, 1, len(history) + 100)
    return lambda index: engine.ask(index, history)
