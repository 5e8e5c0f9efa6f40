"""A sweep of 5,000 trials in a real Airflow: whether all of them end, and what the last ones take beside the first.

    python bench/thousands.py [--trials 5000] [--concurrency 8]

LocalExecutor, PostgreSQL, the settings of a small box and nothing else. Each trial is a process that prints its loss.
Writes bench/results/thousands.json.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.overhead import cpu, is_over, is_there, until  # noqa: E402
from polyaxon_airflow.embedded import EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.rest import run_path  # noqa: E402
from tests import postgresql  # noqa: E402

PAGE = 100  # task instances that Airflow gives at once
PATIENCE = 4 * 3600  # seconds

SWEEP = """
kind: operation
name: sweep
cache: {{disable: true}}
matrix:
  kind: tpe
  numRuns: {trials}
  seed: 0
  concurrency: {concurrency}
  metric: {{name: loss, optimization: minimize}}
  params: {{x: {{kind: uniform, value: [-5, 5]}}, y: {{kind: uniform, value: [-5, 5]}}}}
component:
  inputs: [{{name: x, type: float}}, {{name: y, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run:
    kind: job
    container:
      image: busybox
      command: [sh, -c, 'awk "BEGIN {{print \\"loss=\\" ({{{{ x }}}})^2 + ({{{{ y }}}})^2}}"']
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgresql.server() as server:
        result = measured(options, Path(folder), server.removeprefix("postgresql"))
    options.results.mkdir(exist_ok=True)
    (options.results / "thousands.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(options, root, address):
    (root / "dags").mkdir()
    text = SWEEP.format(trials=options.trials, concurrency=options.concurrency)
    (root / "dags" / "sweep.yaml").write_text(text)
    settings = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2{address}/postgres",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg{address}/postgres",
        "AIRFLOW__POLYAXON__STORE_URL": f"postgresql{address}/template1",
    }
    with EmbeddedAirflow(root / "home", root / "dags", settings=settings) as running:
        client = running.client()
        until(lambda: is_there(client, "sweep"), "the DAG")
        before, start = cpu(running), time.monotonic()
        run_id = client.trigger("sweep")
        # Seldom: Airflow reads all task instances of a DAG run to tell its state.
        until(lambda: is_over(client, "sweep", run_id), "the end of the sweep", patience=PATIENCE, every=10)
        wall, used = time.monotonic() - start, cpu(running) - before
        best = client.get(f"{run_path('sweep', run_id)}/taskInstances/sweep.best/xcomEntries/return_value")[
            "value"
        ]
        trials = task_instances(client, run_id)
    best = json.loads(best) if isinstance(best, str) else best
    return {
        "trials": options.trials,
        "concurrency": options.concurrency,
        "tasks": Counter(task["state"] for task in trials),
        "in the leaderboard": Counter(row["state"] for row in best["trials"]),
        "tried again": sum(task["try_number"] > 1 for task in trials),
        "different params": len({json.dumps(row["params"], sort_keys=True) for row in best["trials"]}),
        "best": best["best"],
        "seconds": round(wall),
        "CPU seconds a trial": round(used / options.trials, 3),
        "seconds of a task, first tenth": durations(trials[: len(trials) // 10]),
        "seconds of a task, last tenth": durations(trials[-len(trials) // 10 :]),
        "cores": os.cpu_count(),
        "load average": [round(load, 1) for load in os.getloadavg()],
    }


def task_instances(client, run_id):
    """Those of the trials, in the order in which they began."""
    found, offset, total = [], 0, 1
    while offset < total:
        page = client.get(f"{run_path('sweep', run_id)}/taskInstances", limit=PAGE, offset=offset)
        found += [task for task in page["task_instances"] if task["map_index"] >= 0]
        offset, total = offset + PAGE, page["total_entries"]
    return sorted(found, key=lambda task: task["start_date"] or "")


def durations(tasks):
    """The median."""
    took = [
        (
            datetime.fromisoformat(task["end_date"]) - datetime.fromisoformat(task["start_date"])
        ).total_seconds()
        for task in tasks
    ]
    return round(statistics.median(took), 3)


if __name__ == "__main__":
    main()
