"""N14c: tasks that wait for something that takes a second, many at once on a busy box, beside Airflow's own ways.

    python bench/waits.py [--waits 200] [--pods 40] [--parallelism 4]

One Airflow with LocalExecutor on a PostgreSQL of its own, with Airflow's default settings, and an emulated cluster whose
pods end after a second. `plain` defers for a second and resumes in a worker, and does nothing else; `operator` is
Airflow's KubernetesPodOperator, deferrable, of which there are only `--pods`; `ours` is a sweep of pods, whose trials end
in the triggerer. CPU is that of all processes of the Airflow, children included, without the cluster's. Writes
bench/results/waits.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.overhead import STOCK, cpu, is_over, is_there, until  # noqa: E402
from polyaxon_airflow.embedded import EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.rest import run_path  # noqa: E402
from tests import postgresql  # noqa: E402

OURS = """
kind: operation
name: ours
cache: {{disable: true}}
matrix: {{kind: random, numRuns: {waits}, seed: 0, params: {{x: {{kind: uniform, value: [0, 1]}}}}}}
component:
  inputs: [{{name: x, type: float}}]
  run: {{kind: job, container: {{image: i, command: ["true"]}}}}
"""
AIRFLOWS = """
from datetime import timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator


class Wait(BaseOperator):
    def __init__(self, number=0, **kwargs):
        super().__init__(**kwargs)

    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="after")

    def after(self, context, event=None):
        return None


with DAG("plain", schedule=None, max_active_tasks=1000):
    Wait.partial(task_id="trial").expand(number=list(range({waits})))
with DAG("operator", schedule=None, max_active_tasks=1000):
    KubernetesPodOperator.partial(
        task_id="trial", kubernetes_conn_id="emulated", namespace="default", image="i", deferrable=True,
        poll_interval=1, get_logs=False, cmds=["true"],
    ).expand(name=[f"trial-{{number}}" for number in range({pods})])
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waits", type=int, default=200)
    parser.add_argument("--pods", type=int, default=40)
    parser.add_argument("--parallelism", type=int, default=4)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    found = measured(options)
    ours = found["ours"]["CPU seconds a task"]
    result = {
        "waits": options.waits,
        **found,
        "N14c ours over plain": round(ours / found["plain"]["CPU seconds a task"], 3),
        "ours over KubernetesPodOperator": round(ours / found["operator"]["CPU seconds a task"], 3),
        "cores": os.cpu_count(),
        "load average": [round(load, 1) for load in os.getloadavg()],
    }
    options.results.mkdir(exist_ok=True)
    (options.results / "waits.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(options):
    """Name of a DAG -> what its run took, and what came of its tasks."""
    found = {}
    with airflow(options) as running, busy():
        client = running.client()
        for name in ("ours", "plain", "operator"):
            until(lambda name=name: is_there(client, name), f"DAG {name}")
        for name in ("ours", "plain", "operator"):
            before, start, idle = cpu(running), time.monotonic(), idle_cpu(running)
            run_id = client.trigger(name)
            until(lambda run_id=run_id, name=name: is_over(client, name, run_id), f"the end of {name}")
            wall = time.monotonic() - start
            used = cpu(running) - before - idle * wall
            found[name] = {**states(client, name, run_id), **per_task(used, wall, client, name, run_id)}
            print(name, found[name], flush=True)
    return found


def per_task(used, wall, client, name, run_id):
    count = len(trials(client, name, run_id))
    return {"CPU seconds a task": round(used / count, 3), "wall seconds a task": round(wall / count, 3)}


def states(client, name, run_id):
    counts = {}
    for task in trials(client, name, run_id):
        counts[task["state"]] = counts.get(task["state"], 0) + 1
    tries = sum(task["try_number"] - 1 for task in trials(client, name, run_id))
    return {"tasks": counts, "tries again": tries}


def trials(client, name, run_id):
    found, offset = [], 0
    while True:
        page = client.get(f"{run_path(name, run_id)}/taskInstances", limit=100, offset=offset)
        found += [task for task in page["task_instances"] if task["map_index"] >= 0]
        offset += 100
        if offset >= page["total_entries"]:
            return found


def idle_cpu(running, seconds=10):
    """Seconds of CPU that the Airflow uses a second while it has nothing to do."""
    before = cpu(running)
    time.sleep(seconds)
    return (cpu(running) - before) / seconds


@contextmanager
def busy():
    """Another process that wants a core for itself."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def airflow(options):
    from tests.kube.cluster import Cluster
    from tests.kube.phantom import PhantomKubelet

    pods = {"seconds": 1, "text": ""}
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql.server() as server,
        Cluster(node=PhantomKubelet, kubelet=pods) as cluster,
    ):
        root, address = Path(folder), server.removeprefix("postgresql")
        (root / "dags").mkdir()
        (root / "dags" / "ours.yaml").write_text(OURS.format(waits=options.waits))
        (root / "dags" / "airflows.py").write_text(AIRFLOWS.format(waits=options.waits, pods=options.pods))
        connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": cluster.kubeconfig}}
        settings = {
            **STOCK,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2{address}/postgres",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg{address}/postgres",
            "AIRFLOW__POLYAXON__STORE_URL": f"postgresql{address}/template1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            "AIRFLOW__CORE__PARALLELISM": str(options.parallelism),
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "1000",
            "AIRFLOW__POLYAXON__RUNNER": "kubernetes",
            "AIRFLOW__POLYAXON__KUBERNETES_CONN_ID": "emulated",
            "AIRFLOW_CONN_EMULATED": json.dumps(connection),
        }
        with EmbeddedAirflow(root / "home", root / "dags", settings=settings) as running:
            yield running


if __name__ == "__main__":
    main()
