"""Sweeps of all engines on all tasks, one line of JSON each."""

from __future__ import annotations

import json

from searching.engines import ENGINES
from searching.simulate import sweep
from searching.tasks import HPOBENCH, tasks

TRIALS = 100
TABLES = [f"hpobench_{name}" for name in HPOBENCH]
ALONE = ["branin", "hartmann6", *TABLES]
TOGETHER = ["branin", "hartmann6", "rosenbrock5", "hpobench_vehicle", "hpolib_protein_structure"]
HELD_OUT = ["levy4", "ackley5", "hpobench_segment", "hpolib_slice_localization", "hpolib_naval_propulsion"]
"""Tasks with 8 workers on which no setting of an engine was chosen in the study."""

PLAN = [(name, 1) for name in ALONE] + [(name, 8) for name in [*TOGETHER, *HELD_OUT]]
DEAR = {"hypertune_bayes"}  # seconds a trial: only if asked for by name


def run(path, seeds, only, engines, together):
    known = {key(row) for row in rows(path)}
    wanted = [name for name in ENGINES if (name in engines if engines else name not in DEAR)]
    with path.open("a") as file:
        for name, workers in PLAN:
            if (only and name not in only) or (together and workers not in together):
                continue
            task = tasks()[name]()
            for seed in seeds:
                for engine in wanted:
                    row = {"task": name, "engine": engine, "workers": workers, "seed": seed}
                    if key(row) in known:
                        continue
                    found = sweep(task, ENGINES[engine](task, seed, TRIALS), workers, TRIALS, seed)
                    row |= {"regrets": [round(loss - task.optimum, 9) for loss in found["losses"]]}
                    row |= {"repeats": found["repeats"] if task.is_finite else None}
                    row |= {"milliseconds": round(1000 * sum(found["cpu"]) / TRIALS, 3)}
                    file.write(json.dumps(row) + "\n")
                    file.flush()
            print(f"{name} with {workers} workers is done", flush=True)


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(row):
    return row["task"], row["engine"], row["workers"], row["seed"]
