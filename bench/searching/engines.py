"""Engines under one interface: ours as an operator asks them, rivals through their own public APIs.

`ask(index, history)` gives params, `tell(index, loss)` what came of them. `history` holds finished and running
trials; an engine that can know of running trials is told of them.
"""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
from pydantic import TypeAdapter

from polyaxon_airflow.matrix import MATRIX, Matrix

STARTUP = 10
METRIC = {"name": "loss", "optimization": "minimize"}
MATRICES = TypeAdapter(Annotated[Matrix, MATRIX])


class Ours:
    def __init__(self, kind, task, seed, trials, **fields):
        counts = {
            "bayes": {"numInitialRuns": STARTUP, "maxIterations": max(1, trials - STARTUP), "metric": METRIC},
            "random": {"numRuns": trials},
        }.get(kind, {"numRuns": trials, "metric": METRIC})
        self.matrix = MATRICES.validate_python(
            {"kind": kind, "seed": seed, "params": task.params, **counts, **fields}
        )

    def ask(self, index, history):
        return self.matrix.ask(index, history)

    def tell(self, index, loss):
        pass


class Optuna:
    """A study in memory, asked and told as its docs say; running trials are in it."""

    def __init__(self, sampler, task, seed, _trials):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", module="optuna")
        samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
        self.study = optuna.create_study(sampler=samplers[sampler](seed=seed))
        self.task = task
        self.running = {}

    def ask(self, index, _history):
        trial = self.running[index] = self.study.ask()
        return {name: self.suggest(trial, name, space) for name, space in self.task.params.items()}

    def tell(self, index, loss):
        self.study.tell(self.running.pop(index), loss)

    @staticmethod
    def suggest(trial, name, space):
        values = space["value"]
        if space["kind"] == "uniform":
            return trial.suggest_float(name, *values)
        if is_numeric(values):  # the index, so that it may use the order, as ours does
            return sorted(values)[trial.suggest_int(name, 0, len(values) - 1)]
        return trial.suggest_categorical(name, values)


class Hyperopt:
    """`tpe.suggest` over a `Trials` with finished and running trials; the seed is hyperopt's own `fmin` way."""

    def __init__(self, algorithm, task, seed, _trials):
        from hyperopt import Trials, anneal, base, hp, rand, tpe

        self.suggest = {"tpe": tpe.suggest, "rand": rand.suggest, "anneal": anneal.suggest}[algorithm]
        self.task = task
        space = {name: self.variable(hp, name, space) for name, space in task.params.items()}
        self.domain = base.Domain(lambda _: 0.0, space)
        self.trials = Trials()
        self.rng = np.random.default_rng(seed)

    @staticmethod
    def variable(hp, name, space):
        values = space["value"]
        if space["kind"] == "uniform":
            return hp.uniform(name, *values)
        if is_numeric(values):
            return hp.quniform(name, -0.4999, len(values) - 0.5001, 1)
        return hp.choice(name, list(range(len(values))))

    def ask(self, index, _history):
        docs = self.suggest([index], self.domain, self.trials, int(self.rng.integers(2**31 - 1)))
        docs[0]["state"] = 1
        self.trials.insert_trial_docs(docs)
        self.trials.refresh()
        return {name: self.value(name, docs[0]["misc"]["vals"][name][0]) for name in self.task.params}

    def value(self, name, drawn):
        space = self.task.params[name]
        if space["kind"] == "uniform":
            return float(drawn)
        values = sorted(space["value"]) if is_numeric(space["value"]) else space["value"]
        return values[round(drawn)]

    def tell(self, index, loss):
        for doc in self.trials._dynamic_trials:  # noqa: SLF001, `trials` are copies
            if doc["tid"] == index:
                doc["state"], doc["result"] = 2, {"status": "ok", "loss": loss}
        self.trials.refresh()


class Hypertune:
    """One suggestion at a time from all finished trials; its API takes no running ones."""

    def __init__(self, kind, task, seed, trials):
        self.task, self.seed, self.kind, self.trials = task, seed, kind, trials

    def ask(self, index, history):
        done = [trial for trial in history if trial.state == "succeeded"]
        configs, metrics = [dict(trial.params) for trial in done], [trial.value for trial in done]
        if self.kind == "bayes" and index < STARTUP:
            found = self.manager(0).get_suggestions()[index]
        else:
            found = self.manager(index).get_suggestions(configs, metrics)[0]
        return {name: plain(value) for name, value in found.items()}

    def tell(self, index, loss):
        pass

    def manager(self, index):
        """With one seed for all calls its TPE draws the same start-up point again and again: it gets a new one."""
        from hypertune.search_managers.bayesian_optimization.manager import BayesSearchManager
        from hypertune.search_managers.tpe.manager import TPEManager
        from polyaxon.schemas import V1TPE, V1Bayes

        seed = (self.seed * 100_003 + index) % 2**31 + 1
        config = {
            "kind": self.kind,
            "params": self.task.params,
            "metric": METRIC,
            "seed": seed,
            "maxIterations": self.trials,
        }
        if self.kind == "tpe":
            return TPEManager(V1TPE.from_dict({**config, "numRuns": 1}))
        process = {"kernel": "matern", "lengthScale": 1.0, "nu": 1.5}
        utility = {"acquisitionFunction": "ucb", "kappa": 2.576, "numWarmup": 100, "numIterations": 10}
        utility["gaussianProcess"] = process
        return BayesSearchManager(
            V1Bayes.from_dict({**config, "numInitialRuns": STARTUP, "utilityFunction": utility})
        )


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


def is_numeric(values):
    return all(isinstance(value, int | float) for value in values)


ENGINES = {
    "bayes": lambda *args: Ours("bayes", *args),
    "tpe": lambda *args: Ours("tpe", *args),
    "hyperopt": lambda *args: Ours("hyperopt", *args),
    "random": lambda *args: Ours("random", *args),
    "optuna_tpe": lambda *args: Optuna("tpe", *args),
    "hyperopt_tpe": lambda *args: Hyperopt("tpe", *args),
    "hypertune_tpe": lambda *args: Hypertune("tpe", *args),
    "hypertune_bayes": lambda *args: Hypertune("bayes", *args),
}
