"""A sweep of 5,000 trials: what its last trials and its leaderboard cost beside those of a sweep of 50.

    python bench/large.py [--trials 50 500 5000]

Without Airflow: a sweep is filled with trials that have ended, then its next trial runs for real (process runner, SQLite)
and the sweep's last task ranks them all. Writes bench/results/large.json.
"""

import argparse
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from sqlalchemy import func, select  # noqa: E402

from polyaxon_airflow.cli import main as cli  # noqa: E402
from polyaxon_airflow.execution.ending import end_sweep  # noqa: E402
from polyaxon_airflow.execution.sweeps import sweep_of  # noqa: E402
from polyaxon_airflow.execution.trials import start_trial  # noqa: E402
from polyaxon_airflow.points import Point  # noqa: E402
from polyaxon_airflow.store import Run, schema  # noqa: E402
from tests.execution.flow import DagRun, World  # noqa: E402

LAST = 5  # trials that run for real
SPACE = "params: {x: {kind: uniform, value: [0, 1]}, y: {kind: uniform, value: [0, 1]}}"
METRIC = "metric: {name: loss, optimization: minimize}"
MEDIAN = (
    "earlyStopping: [{kind: metric_early_stopping, metric: loss, value: 0, optimization: minimize, "
    "policy: {kind: median, minInterval: 1}}]"
)
MATRICES = {
    "random": f"{{kind: random, numRuns: 10000, seed: 0, {SPACE}}}",
    "tpe": f"{{kind: tpe, numRuns: 10000, seed: 0, {METRIC}, {SPACE}}}",
    "tpe with a median policy": f"{{kind: tpe, numRuns: 10000, seed: 0, {METRIC}, {SPACE}, {MEDIAN}}}",
}
SWEEP = """
kind: operation
name: sweep
cache: {{disable: true}}
matrix: {matrix}
component:
  inputs: [{{name: x, type: float}}, {{name: y, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run: {{kind: job, container: {{image: x, command: [sh, -c, "echo step=1 loss={{{{ x }}}}"]}}}}
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, nargs="+", default=[50, 500, 5000])
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    result = {
        "by trials that have ended": {
            name: {str(trials): measured(matrix, trials) for trials in options.trials}
            for name, matrix in MATRICES.items()
        }
    }
    options.results.mkdir(exist_ok=True)
    (options.results / "large.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(matrix, trials):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        run = DagRun(world, world.plan(SWEEP.format(matrix=matrix)), {}, "run")
        trial, best = run.plan.nodes
        to_its_end(run, trial, 0)
        fill(world, sweep_of(run.task(trial), run.around()), trials)
        rows = [to_its_end(run, trial, trials + number) for number in range(LAST)]
        took = {name: round(statistics.median(row[name] for row in rows), 1) for name in rows[0]}
        before = memory()
        ended, ms = timed(lambda: end_sweep(run.task(best), run.around()))
        took["best, ms"] = round(ms, 1)
        took["best, MB of memory"] = memory() - before
        took["best, MB of XCom"] = round(len(json.dumps(dict(ended.outputs))) / 1e6, 2)
        took["sweep show, ms"] = round(timed(lambda: shown(folder))[1], 1)
        took["rows"] = rows_of(world.store)
        assert len(ended.outputs["trials"]) == trials + LAST
        world.close()
    print(matrix, trials, took, flush=True)
    return took


def to_its_end(run, node, index):
    """What a trial costs, in ms of this process's CPU."""
    task, around = run.task(node, index), run.around()
    (execution, started, _), asked = timed(lambda: start_trial(task, around, index))
    outcome, followed = timed(lambda: execution.follow(started))
    ended, finished = timed(lambda: execution.finish(started, outcome))
    assert ended.status == "succeeded", ended
    return {"start, ms": asked, "follow, ms": followed, "finish, ms": finished}


def fill(world, sweep, trials):
    """Trials 1 to `trials` - 1, as they are when they have succeeded."""
    rng, store = random.Random(0), world.store
    for index in range(1, trials):
        at, params = world.clock(), {"x": rng.random(), "y": rng.random()}
        store.sweeps.claim(sweep.uuid, index, params, {"kind": "bench"}, at=at, distinct=True)
        run = Run(
            uuid=f"{index:032x}", name="sweep", created_at=at, kind="job", pipeline=sweep.uuid, trial_index=index,
            status="succeeded", inputs=params, outputs={"loss": params["x"]}, started_at=at, finished_at=at, duration=1.0,
        )  # fmt: skip
        store.runs.begin(run)
        if sweep.matrix.early_stopping:
            store.metrics.log(run.uuid, [Point("loss", 1, params["x"], at.timestamp())], at=at)


def shown(folder):
    with redirect_stdout(StringIO()) as text:
        assert cli(["sweep", "show", "sweep", "run", "--store", f"sqlite:///{folder}/store.db"]) == 0
    return text.getvalue()


def rows_of(store):
    with store.database.read() as connection:
        tables = (table for table in schema.metadata.sorted_tables if table.name.startswith("plx_"))
        counts = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in tables}
    return {name: count for name, count in counts.items() if count}


def timed(function):
    """What it returns, and ms of CPU."""
    before = time.process_time()
    found = function()
    return found, 1000 * (time.process_time() - before)


def memory():
    """The most that this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
