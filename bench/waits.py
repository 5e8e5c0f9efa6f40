"""N14c: tasks that wait for something that takes a second, many at once on a busy box, beside Airflow's own ways.

    python bench/waits.py [--waits 200] [--pods 60] [--operators 10] [--parallelism 16]

One Airflow with LocalExecutor on a PostgreSQL of its own, with Airflow's default settings, and an emulated cluster whose
pods end after a second. `plain` defers for a second and resumes in a worker, and does nothing else; `events` are
operations that wait for an event of another one, which comes after a second: they start and end in the triggerer. For
those two N14c was written. `pods` is a sweep of pods, whose trials are made in a worker and end in the triggerer;
`operator` is Airflow's KubernetesPodOperator, deferrable. A small run of each comes first and does not count. CPU is that of all processes of the Airflow, children included, without the cluster's and
PostgreSQL's. Writes bench/results/waits.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.overhead import STOCK, alone, cpu, is_over, is_there, until  # noqa: E402
from polyaxon_airflow.embedded import EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.rest import run_path  # noqa: E402
from tests import postgresql  # noqa: E402

PODS = """
kind: operation
name: {name}
cache: {{disable: true}}
matrix: {{kind: random, numRuns: {waits}, seed: 0, params: {{x: {{kind: uniform, value: [0, 1]}}}}}}
component:
  inputs: [{{name: x, type: float}}]
  run: {{kind: job, container: {{image: i, command: ["true"]}}}}
"""
PLAIN = """
from datetime import timedelta

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator


class Wait(BaseOperator):
    def __init__(self, number=0, **kwargs):
        super().__init__(**kwargs)

    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="after")

    def after(self, context, event=None):
        return None


with DAG("{name}", schedule=None, max_active_tasks=1000):
    Wait.partial(task_id="trial").expand(number=list(range({waits})))
"""
OPERATOR = """
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG

with DAG("{name}", schedule=None, max_active_tasks=1000):
    KubernetesPodOperator.partial(
        task_id="trial", kubernetes_conn_id="emulated", namespace="default", image="i", deferrable=True,
        poll_interval=1, get_logs=False, cmds=["true"],
    ).expand(name=[f"trial-{{number}}" for number in range({waits})])
"""
EVENTS = """
import time

from airflow.sdk import DAG, task

from polyaxon_airflow.sensors import EventSensor

WANTED = [dict(operation="first", kinds=["run_status_succeeded"], tasks=["first"], last=["first"])]


@task
def first(dag_run=None):
    from polyaxon_airflow.clock import now
    from polyaxon_airflow.configuration import run_store
    from polyaxon_airflow.execution.identity import TaskIdentity
    from polyaxon_airflow.store import Run

    where = TaskIdentity("{name}", dag_run.run_id, "first")
    with run_store() as store:
        store.runs.begin(Run(where.run_uuid, "first", now(), dag_id=where.dag_id, dag_run_id=where.dag_run_id, task_id="first"))
        time.sleep(1)
        store.runs.set_status(where.run_uuid, "succeeded", at=now())


with DAG("{name}", schedule=None, max_active_tasks=1000):
    first()
    for number in range({waits}):
        EventSensor(task_id=f"trial_{{number}}", wanted=WANTED)
"""
FILES = {
    "events": ("py", EVENTS),
    "plain": ("py", PLAIN),
    "pods": ("yaml", PODS),
    "operator": ("py", OPERATOR),
}
FIRST = 5  # tasks of the runs that do not count


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waits", type=int, default=200, help="tasks at once of `events` and `plain`")
    parser.add_argument("--pods", type=int, default=60, help="of `pods`")
    parser.add_argument("--operators", type=int, default=10, help="of `operator`")
    parser.add_argument("--parallelism", type=int, default=16)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    found = measured(options)
    cpu_of = {name: figures["CPU seconds a task"] for name, figures in found.items()}
    result = {
        **found,
        "N14c events over plain": round(cpu_of["events"] / cpu_of["plain"], 3),
        "pods over plain": round(cpu_of["pods"] / cpu_of["plain"], 3),
        "pods over KubernetesPodOperator": round(cpu_of["pods"] / cpu_of["operator"], 3),
        "cores": os.cpu_count(),
        "load average": [round(load, 1) for load in os.getloadavg()],
    }
    options.results.mkdir(exist_ok=True)
    (options.results / "waits.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(options):
    """Name of a DAG -> what a task of it took, and what came of all of them."""
    found = {}
    with airflow(options) as running, busy():
        client = running.client()
        for name in (*FILES, *map(first_of, FILES)):
            until(lambda name=name: is_there(client, name), f"DAG {name}")
        for name in map(first_of, FILES):
            run_id = client.trigger(name)
            until(lambda run_id=run_id, name=name: is_over(client, name, run_id), f"the end of {name}")
            print(name, "is over", flush=True)
        idle, idle_parts = idle_cpu(running)
        for name in FILES:
            before, before_parts, start = cpu(running), alone(running), time.monotonic()
            run_id = client.trigger(name)
            until(lambda run_id=run_id, name=name: is_over(client, name, run_id), f"the end of {name}")
            wall = time.monotonic() - start
            used, after = cpu(running) - before - idle * wall, alone(running)
            parts = {part: after[part] - before_parts[part] - idle_parts[part] * wall for part in after}
            found[name] = summary(trials(client, name, run_id), used, parts, wall)
            print(name, found[name], flush=True)
    return found


def first_of(name):
    """The DAG of the run that does not count."""
    return f"first_{name}"


def summary(tasks, used, parts, wall):
    """What a task took. What no component has used itself is the tasks' and their supervisors'."""
    of_tasks = {**parts, "tasks and their supervisors": used - sum(parts.values())}
    return {
        "states": Counter(task["state"] for task in tasks),
        "tried again": sum(task["try_number"] > 1 for task in tasks),
        "CPU seconds a task": round(used / len(tasks), 3),
        "by part": {part: round(seconds / len(tasks), 3) for part, seconds in of_tasks.items()},
        "wall seconds a task": round(wall / len(tasks), 3),
    }


def trials(client, name, run_id):
    found, offset = [], 0
    while True:
        page = client.get(f"{run_path(name, run_id)}/taskInstances", limit=100, offset=offset)
        found += [task for task in page["task_instances"] if "trial" in task["task_id"]]
        offset += 100
        if offset >= page["total_entries"]:
            return found


def idle_cpu(running, seconds=10):
    """Seconds of CPU that the Airflow uses a second while it has nothing to do; and its components by themselves."""
    before, parts = cpu(running), alone(running)
    time.sleep(seconds)
    after = alone(running)
    return (cpu(running) - before) / seconds, {part: (after[part] - parts[part]) / seconds for part in parts}


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
    from tests.kube.authority import Authority
    from tests.kube.cluster import Cluster
    from tests.kube.phantom import PhantomKubelet

    pods = {"seconds": 1, "text": ""}
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql.server() as server,
        Cluster(node=PhantomKubelet, kubelet=pods, authority=Authority()) as cluster,
    ):
        root, address = Path(folder), server.removeprefix("postgresql")
        (root / "dags").mkdir()
        for name, (kind, text) in FILES.items():
            count = {"pods": options.pods, "operator": options.operators}.get(name, options.waits)
            for dag_id, waits in ((name, count), (first_of(name), FIRST)):
                (root / "dags" / f"{dag_id}.{kind}").write_text(text.format(name=dag_id, waits=waits))
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
