"""The numbers N7, N9 to N13 from the runs: medians, quartiles, and what is to be reached."""

from __future__ import annotations

import json
import statistics

import numpy as np

from searching import hyperband
from searching.engines import ENGINES
from searching.quality import ALONE, HELD_OUT, TABLES, TOGETHER, rows
from searching.simulate import sweep
from searching.tasks import tasks

AFTER = 60
SCALE_TRIALS = 10
SCALE_SEEDS = 40


def write(runs, costs, path):
    table = Table(rows(runs))
    result = {
        "N7 milliseconds CPU a suggestion, 6 dimensions": costs,
        "N9 branin, regret after 60": table.at("branin", 1, AFTER),
        "N10 hartmann6, regret after 60": table.at("hartmann6", 1, AFTER),
        "N11 tables, regret after 60 as a share of the median configuration's": tabular(table),
        "N11b 8 workers, 100 trials, regret as a share of random's after 10": {
            name: table.scaled(name, 8, 100) for name in [*TOGETHER, *HELD_OUT] if table.engines(name, 8)
        },
        "N11b repeated params of 100": {
            name: table.repeats(name, 8)
            for name in [*TOGETHER, *HELD_OUT]
            if name.startswith("hpo") and table.engines(name, 8)
        },
        "N12 regret of 8 workers over regret of one, after 100": {
            name: table.ratio(name) for name in TOGETHER if name in ALONE and table.engines(name, 8)
        },
        "N13 brackets as in the paper": hyperband.compare(),
    }
    result = json.loads(json.dumps(result))  # keys are text, as in the file
    if path.exists():
        result = merged(json.loads(path.read_text()), result)
    path.write_text(json.dumps(result, indent=1) + "\n")
    for title, part in result.items():
        print(title)
        print(json.dumps(part, indent=1))


def merged(known, new):
    """New figures over those that are known, part by part."""
    if isinstance(known, dict) and isinstance(new, dict) and "median" not in new:
        return known | {
            key: merged(known[key], value) if key in known else value for key, value in new.items()
        }
    return new


class Table:
    def __init__(self, runs):
        self.runs = runs

    def regrets(self, task, engine, workers, trials):
        """Of each seed: the least regret so far after so many trials."""
        return [
            min(run["regrets"][:trials])
            for run in self.runs
            if (run["task"], run["engine"], run["workers"]) == (task, engine, workers)
        ]

    def engines(self, task, workers):
        return [name for name in ENGINES if self.regrets(task, name, workers, 1)]

    def at(self, task, workers, trials, scale=1.0):
        return {
            name: spread(np.array(self.regrets(task, name, workers, trials)) / scale)
            for name in self.engines(task, workers)
        }

    def scaled(self, task, workers, trials):
        return self.at(task, workers, trials, random_after_ten(task))

    def repeats(self, task, workers):
        return {
            name: statistics.fmean(
                run["repeats"]
                for run in self.runs
                if (run["task"], run["engine"], run["workers"]) == (task, name, workers)
            )
            for name in self.engines(task, workers)
        }

    def ratio(self, task):
        """Of medians, where the table does not end at 0 for one worker."""
        alone, together = (self.at(task, workers, 100) for workers in (1, 8))
        return {
            name: round(together[name]["median"] / alone[name]["median"], 3)
            if alone[name]["median"]
            else None
            for name in together
            if name in alone
        }


def tabular(table):
    """By engine: the mean over tables of the mean over seeds, and each table's."""
    found = {}
    for engine in ENGINES:
        by_table = {
            name: statistics.fmean(table.regrets(name, engine, 1, AFTER)) / median_regret(name)
            for name in TABLES
            if table.regrets(name, engine, 1, AFTER)
        }
        if by_table:
            found[engine] = {"mean": round(statistics.fmean(by_table.values()), 4)} | {
                name: round(value, 4) for name, value in by_table.items()
            }
    return found


def median_regret(name):
    from searching.tasks import load

    losses = load(name)[0]
    return float(np.median(losses) - losses.min())


def random_after_ten(name):
    """The median regret of random search after 10 trials, the unit of the study's tables."""
    task = tasks()[name]()
    bests = [
        min(sweep(task, ENGINES["random"](task, seed, SCALE_TRIALS), 1, SCALE_TRIALS, seed)["losses"])
        - task.optimum
        for seed in range(1000, 1000 + SCALE_SEEDS)
    ]
    return statistics.median(bests)


def spread(values):
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {
        "median": float(f"{middle:.4g}"),
        "quartiles": [float(f"{low:.4g}"), float(f"{high:.4g}")],
        "seeds": len(values),
    }
