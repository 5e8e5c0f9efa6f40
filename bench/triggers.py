"""What each waiting event costs in the process that runs triggers, without the rest of an Airflow.

    python bench/triggers.py [--count 1000] [--only KIND]

For each kind, a process with Airflow's TriggerRunner and so many triggers that wait: its own memory and CPU beyond that of
one trigger, next to those of Airflow's own triggers that only sleep, which is the floor. Writes the part `each` of
bench/results/events.json.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

RESULTS = HERE / "results" / "events.json"
SETTLE = 30  # seconds, for the first polls and for garbage
IDLE = 60  # seconds in which CPU is counted: one poll of everything
WATCH = "polyaxon_airflow.triggers.watch.WatchTrigger"
SLEEP = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
WATCHES = {
    "commits of one repository": ("connection_git_commit", "connections.code?path=src/{n}/**"),
    "files of one folder": ("connection_dataset_version", "connections.lake?path=days/{n}/*.csv"),
    "metrics of runs": ("alert_info", "runs?query=metrics.loss:<{n}"),
    "statuses of runs": ("run_status_failed", "dags.train-{n}"),
}
SLEEPING, WAITING = "Airflow's own sleeping triggers", "operations of a dag"
KINDS = (SLEEPING, *WATCHES, WAITING)
OPERATIONS = 100  # of the dag whose operations wait
CONNECTIONS = """
connections:
- {{name: code, kind: git, schema: {{url: "{home}/code"}}}}
- {{name: lake, kind: host_path, schema: {{hostPath: "{home}/lake", mountPath: /lake}}}}
"""
JOB = "component: {run: {kind: job, container: {image: busybox}}}"


def every(count, only):
    known = json.loads(RESULTS.read_text())
    found = known.get("each", {}).get("kinds", {}) if only else {}
    for kind in only or KINDS:
        command = [sys.executable, __file__, "--kind", kind, "--count", str(count)]
        done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True)
        found[kind] = json.loads(done.stdout.splitlines()[-1])
        print(f"{kind}: {found[kind]}", flush=True)
    known["each"] = {"count": count, "interval": 60, "operations": OPERATIONS, "kinds": found}
    RESULTS.write_text(json.dumps(known, indent=1) + "\n")


def environment():
    """Variables of a process with an AIRFLOW_HOME of its own, a repository and a folder in it."""
    home = Path(tempfile.mkdtemp(prefix="polyaxon-bench-"))
    from tests.init.gitserver import Repository

    Repository(home / "code").commit("first")
    for name in ("lake", "dags"):
        (home / name).mkdir()
    (home / "dags" / "connections.yaml").write_text(CONNECTIONS.format(home=home))
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__POLYAXON__EVENT_POLL_INTERVAL": "60",
        "AIRFLOW__POLYAXON__EVENT_WAIT_INTERVAL": "60",
        "PYTHONPATH": str(HERE.parent),
    }


class Supervisor:
    """Answers what waits ask: no task has a state yet."""

    async def asend(self, question):
        from airflow.sdk.execution_time.comms import TaskStatesResult

        return TaskStatesResult(task_states={run_id: {} for run_id in question.run_ids})


async def measure(kind, count):
    from airflow.jobs.triggerer_job_runner import TriggerRunner
    from airflow.sdk.execution_time import task_runner

    runner = TriggerRunner()
    task_runner.SUPERVISOR_COMMS = runner.comms_decoder = Supervisor()
    workload = waits() if kind == WAITING else lambda number: watch(kind, number)
    await begin(runner, [workload(0)])
    first = memory()
    await begin(runner, (workload(number) for number in range(1, count)))
    size, used = memory(), time.process_time()
    await asyncio.sleep(IDLE)
    used = time.process_time() - used
    running = sum(not details["task"].done() for details in runner.triggers.values())
    assert running == count, f"{count - running} triggers have ended"
    return {"kb": round((size - first) / (count - 1) / 1000, 1), "cpu_percent": round(100 * used / IDLE, 2)}


async def begin(runner, workloads):
    for workload in workloads:
        runner.to_create.append(workload)
        await runner.create_triggers()
    await asyncio.sleep(SETTLE)


def memory():
    """Bytes that this process alone has."""
    import psutil

    gc.collect()
    return psutil.Process().memory_full_info().uss


def watch(kind, number):
    if kind == SLEEPING:
        return run_trigger(number, SLEEP, {"moment": datetime(2099, 1, 1, tzinfo=timezone.utc)})
    name, ref = WATCHES[kind]
    arguments = {"kinds": [name], "ref": ref.format(n=number)}
    return run_trigger(number, WATCH, arguments, watched_assets={f"asset {number}": f"polyaxon://{number}"})


def run_trigger(number, path, arguments, **more):
    from airflow.executors.workloads import RunTrigger
    from airflow.models.trigger import Trigger

    encrypted = Trigger.encrypt_kwargs(arguments)
    return RunTrigger(id=number + 1, classpath=path, encrypted_kwargs=encrypted, **more)


def waits():
    """Makes workloads of the operations of one dag that wait for another, over as many runs as it takes."""
    from airflow.executors.workloads.task import TaskInstanceDTO
    from airflow.serialization.serialized_objects import DagSerialization

    from polyaxon_airflow.dag.build import build_dag
    from polyaxon_airflow.plan.file import plan_file

    file = Path(os.environ["AIRFLOW_HOME"]) / "dags" / "waiting.yaml"
    names = "".join(
        f"  - {{name: t{n}, events: [{{kinds: [run_status_running], ref: ops.train}}], {JOB}}}\n"
        for n in range(OPERATIONS)
    )
    file.write_text(
        f"kind: component\nname: waiting\nrun:\n  kind: dag\n  operations:\n  - {{name: train, {JOB}}}\n{names}"
    )
    dag = build_dag(plan_file(file, file.parent))
    text = json.dumps(DagSerialization.to_dict(dag))
    sensors = [task for task in dag.tasks if task.start_from_trigger]
    now = datetime.now(timezone.utc)

    def workload(number):
        run, at = divmod(number, len(sensors))
        start = sensors[at].start_trigger_args
        ids = {"dag_id": dag.dag_id, "run_id": f"run {run}"}
        task = TaskInstanceDTO(
            **ids, id=uuid4(), dag_version_id=uuid4(), task_id=sensors[at].task_id, try_number=1,
            map_index=-1, pool_slots=1, priority_weight=1, queue="default",
        )  # fmt: skip
        times = ("logical_date", "data_interval_start", "data_interval_end", "run_after", "start_date")
        more = {"run_type": "manual", "state": "running", "conf": {}, "partition_key": None, "end_date": None}
        told = {**ids, **dict.fromkeys(times, now), **more, "consumed_asset_events": []}
        data = json.loads(text)  # the triggerer gets a copy for each
        return run_trigger(
            number, start.trigger_cls, start.trigger_kwargs, ti=task, dag_data=data, dag_run_data=told
        )

    return workload


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--only", action="append", choices=KINDS)
    parser.add_argument("--kind", choices=KINDS, help="this one, in this process")
    options = parser.parse_args()
    if options.kind is None:
        every(options.count, options.only)
        return
    asyncio.run(told(options.kind, options.count))


async def told(kind, count):
    print(json.dumps(await measure(kind, count)), flush=True)
    os._exit(0)  # what waits need not be told


if __name__ == "__main__":
    main()
