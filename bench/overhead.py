"""N14: what a trial costs beside a bare mapped BashOperator that does the same; N14b: what the small-box profile gives.

    python bench/overhead.py [--trials 50] [--repeats 5] [--sleep 0.1]

One Airflow with LocalExecutor on a PostgreSQL of its own. A sweep and a mapped BashOperator run in turn (ABAB), each
task prints a metric and sleeps. CPU is that of all processes of the Airflow, children included; wall is from the first
task's start to the last one's end. For N14b the same sweep runs under Airflow's own defaults. Writes
bench/results/overhead.json.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from polyaxon_airflow.embedded import COMPONENTS, EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.rest import ApiError, run_path  # noqa: E402
from tests import postgresql  # noqa: E402

PATIENCE = 1200  # seconds for anything
STOCK = {  # Airflow's defaults of what the small-box profile sets
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "16",
}

SWEEP = """
kind: operation
name: sweep
cache: {{disable: true}}
matrix: {{kind: random, numRuns: {trials}, seed: 0, params: {{x: {{kind: uniform, value: [0, 1]}}}}}}
component:
  inputs: [{{name: x, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run:
    kind: job
    container: {{image: x, command: [sh, -c, "echo loss={{{{ x }}}}; sleep {sleep}"]}}
"""

BARE = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("bare", schedule=None):
    BashOperator.partial(task_id="trial").expand(
        bash_command=[f"echo loss={{x / {trials}}}; sleep {sleep}" for x in range({trials})]
    )
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sleep", type=float, default=0.1)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    ours = measured(options, {}, ("sweep", "bare"))
    stock = measured(options, STOCK, ("sweep",))
    result = {
        "trials": options.trials,
        "sleep": options.sleep,
        "seconds a trial": {
            "sweep": summary(ours["sweep"], options.trials),
            "bare mapped BashOperator": summary(ours["bare"], options.trials),
            "sweep under Airflow's defaults": summary(stock["sweep"], options.trials),
        },
        "CPU seconds a trial, by part": {
            "sweep": by_part(ours["sweep"], options.trials),
            "bare mapped BashOperator": by_part(ours["bare"], options.trials),
        },
        "N14 sweep over bare": ratios(ours["sweep"], ours["bare"]),
        "N14b Airflow's defaults over the small-box profile": ratios(stock["sweep"], ours["sweep"]),
        "cores": os.cpu_count(),
        "load average": [round(load, 1) for load in os.getloadavg()],
    }
    options.results.mkdir(exist_ok=True)
    (options.results / "overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(options, settings, names):
    """Name of a DAG -> (wall, CPU, CPU by part) seconds of each of its runs; a first one of each is not counted."""
    found = {name: [] for name in names}
    with airflow(options, settings) as running:
        client = running.client()
        for name in names:
            until(lambda name=name: is_there(client, name), f"DAG {name}")
        for repeat in range(options.repeats + 1):
            for name in names:
                before, parts = cpu(running), alone(running)
                run_id = client.trigger(name)
                until(lambda run_id=run_id, name=name: is_over(client, name, run_id), f"{name} {repeat}")
                used, after = cpu(running) - before, alone(running)
                row = (
                    wall(client, name, run_id),
                    used,
                    {part: after[part] - parts[part] for part in parts},
                )
                print(name, repeat, [round(value, 2) for value in row[:2]], flush=True)
                found[name] += [row] if repeat else []
    return found


@contextmanager
def airflow(options, settings):
    with tempfile.TemporaryDirectory() as folder, postgresql.server() as server:
        root = Path(folder)
        (root / "dags").mkdir()
        (root / "dags" / "sweep.yaml").write_text(SWEEP.format(trials=options.trials, sleep=options.sleep))
        (root / "dags" / "bare.py").write_text(BARE.format(trials=options.trials, sleep=options.sleep))
        address = server.removeprefix("postgresql")
        databases = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2{address}/postgres",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg{address}/postgres",
            "AIRFLOW__POLYAXON__STORE_URL": f"postgresql{address}/template1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        }
        with EmbeddedAirflow(root / "home", root / "dags", settings={**databases, **settings}) as running:
            yield running


def cpu(airflow):
    """Seconds that the components of an Airflow have used so far, with all processes that they have started."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
    ours = {airflow.pid(component) for component in COMPONENTS}
    while found := {pid for pid, stat in stats.items() if int(stat[1]) in ours} - ours:
        ours |= found
    ticks = sum(
        int(field) for pid in ours if pid in stats for field in stats[pid][11:15]
    )  # with ended children
    return ticks / os.sysconf("SC_CLK_TCK")


def alone(airflow):
    """CPU seconds of each component so far, without what it has started."""
    return {component: alone_cpu(airflow.pid(component)) for component in COMPONENTS}


def alone_cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def by_part(rows, trials):
    """Medians; what no component has used itself is the tasks'."""
    components = {
        part: round(statistics.median(row[2][part] for row in rows) / trials, 3) for part in COMPONENTS
    }
    tasks = statistics.median(row[1] - sum(row[2].values()) for row in rows) / trials
    return {**components, "tasks and their supervisors": round(tasks, 3)}


def wall(client, name, run_id):
    """Seconds from the first trial's start to the last one's end."""
    tasks = client.get(f"{run_path(name, run_id)}/taskInstances", limit=1000)["task_instances"]
    trials = [task for task in tasks if task["map_index"] >= 0]
    starts = [datetime.fromisoformat(task["start_date"]) for task in trials]
    ends = [datetime.fromisoformat(task["end_date"]) for task in trials]
    return (max(ends) - min(starts)).total_seconds()


def summary(rows, trials):
    return {
        kind: {
            "median": round(statistics.median(values) / trials, 3),
            "least": round(min(values) / trials, 3),
            "most": round(max(values) / trials, 3),
        }
        for kind, values in columns(rows)
    }


def ratios(above, below):
    """Of medians."""
    below = dict(columns(below))
    return {
        kind: round(statistics.median(a) / statistics.median(below[kind]), 3) for kind, a in columns(above)
    }


def columns(rows):
    """`wall` and `CPU`, each with its values."""
    return [("wall", [row[0] for row in rows]), ("CPU", [row[1] for row in rows])]


def is_there(client, name):
    try:
        return client.get(f"/dags/{name}/details")
    except ApiError:
        return None


def is_over(client, name, run_id):
    return client.get(run_path(name, run_id))["state"] in ("success", "failed")


def until(condition, what, patience=PATIENCE, every=0.5):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {patience} s in vain for {what}")
        time.sleep(every)


if __name__ == "__main__":
    main()
