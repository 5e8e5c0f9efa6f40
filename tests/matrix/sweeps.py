"""Matrices written in short, and sweeps of them run to the end."""

from typing import Annotated

from pydantic import TypeAdapter

from polyaxon_airflow.matrix import MATRIX, Matrix, Trial

METRIC = {"name": "loss", "optimization": "minimize"}
MIXED = {
    "lr": {"kind": "uniform", "value": [0, 1]},
    "units": {"kind": "choice", "value": [64, 16, 32]},
    "act": {"kind": "choice", "value": ["relu", "tanh", None]},
}
SMALL = {"a": {"kind": "choice", "value": [1, 2, 3]}, "b": {"kind": "choice", "value": ["x", "y"]}}

_MATRICES = TypeAdapter(Annotated[Matrix, MATRIX])
_COUNTS = {
    "random": {"numRuns": 30},
    "bayes": {"numInitialRuns": 6, "maxIterations": 24, "metric": METRIC},
    "tpe": {"numRuns": 30, "metric": METRIC},
    "hyperopt": {"numRuns": 30, "metric": METRIC},
    "hyperband": {
        "maxIterations": 9,
        "eta": 3,
        "resource": {"name": "epochs", "type": "int"},
        "metric": METRIC,
    },
}
SEARCHES = ["random", "bayes", "tpe", "hyperopt"]
ADAPTIVE = ["bayes", "tpe", "hyperopt"]


def matrix(kind, **fields):
    return _MATRICES.validate_python({"kind": kind, **_COUNTS.get(kind, {}), **fields})


def loss_of(params):
    """Least at lr 0.3, 32 units and tanh."""
    return abs(params["lr"] - 0.3) + abs(params["units"] - 32) / 32 + (params["act"] != "tanh")


def swept(sweep, loss=loss_of, count=None):
    """The trials of a sweep that runs one after another."""
    history = []
    for index in range(sweep.trials() if count is None else count):
        params = sweep.ask(index, history)
        history.append(Trial(index, params, loss(params), "succeeded"))
    return history
