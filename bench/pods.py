"""How many pods one triggerer follows: its cpu, its memory, and how late it hears of lines and ends.

    python bench/pods.py [--pods 500] [--seconds 60]

The triggers are the real ones, in one event loop of a process of their own, with the run store on SQLite. The cluster
is emulated by another process: each of its pods prints a line a second, `loss=0.5`, and ends with exit code 0. Goal: 500
pods, none of them failed, with cpu to spare. Writes bench/results/pods.json.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

TEXT = "kind: component\nname: train\noutputs: [{name: loss, type: metric}]\nrun: {kind: job, container: {image: i, command: [a]}}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pods", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60, help="how long each pod runs")
    parser.add_argument("--follow", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.follow:
        print(json.dumps(asyncio.run(follow(args))))
        return
    result = measured(args)
    print(json.dumps(result, indent=2))
    (HERE / "results" / "pods.json").write_text(json.dumps(result, indent=2) + "\n")


def measured(args):
    """What the process that follows says of itself."""
    from tests.kube.cluster import Cluster
    from tests.kube.phantom import PhantomKubelet

    settings = {"seconds": args.seconds, "text": "loss=0.5"}
    with tempfile.TemporaryDirectory() as home, Cluster(node=PhantomKubelet, kubelet=settings) as cluster:
        connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": cluster.kubeconfig}}
        variables = {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW_CONN_EMULATED": json.dumps(connection),
            "AIRFLOW__POLYAXON__STORE_URL": f"sqlite:///{home}/store.db",
        }
        command = [
            sys.executable,
            __file__,
            "--pods",
            str(args.pods),
            "--seconds",
            str(args.seconds),
            "--follow",
            "yes",
        ]
        done = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


async def follow(args):
    from polyaxon_airflow.configuration import kubernetes_runner, run_store
    from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
    from polyaxon_airflow.runners.kubernetes.api import Api

    access = ClusterAccess("emulated", "default")
    store = run_store()
    runner = kubernetes_runner(access, "default")
    lags, cpu, start = [], time.process_time(), time.monotonic()
    watch = asyncio.ensure_future(watched(lags))
    async with Api(access.connect) as api:
        at_once = asyncio.Semaphore(8)

        async def one(index):
            async with at_once:
                trigger = await started(index, store, runner, api, access)
            return await ended(trigger)

        ends = await asyncio.gather(*(one(index) for index in range(args.pods)))
    watch.cancel()
    wall, cpu = time.monotonic() - start, time.process_time() - cpu
    runs = [store.runs.get(uuid_of(index)) for index in range(args.pods)]
    points = [len(curve.values) for run in runs for curve in store.metrics.of(run.uuid).values()]
    late = [end - run.started_at.timestamp() - args.seconds for end, run in zip(ends, runs, strict=True)]
    return {
        "pods": args.pods,
        "seconds_of_a_pod": args.seconds,
        "ends": Counter(run.status if not run.reason else f"{run.status}: {run.reason}" for run in runs),
        "metric_points": sum(points),
        "metric_points_missing": args.pods * args.seconds - sum(points),
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "cpu_of_a_core": round(cpu / wall, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "event_loop_lag_seconds": {"median": round(statistics.median(lags), 4), "most": round(max(lags), 3)},
        "end_noticed_after_seconds": {
            "median": round(statistics.median(late), 2),
            "most": round(max(late), 2),
        },
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
    }


async def started(index, store, runner, api, access):
    """A trigger whose pod is there."""
    from polyaxon_airflow.clock import now
    from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
    from polyaxon_airflow.execution.attempt import Attempt
    from polyaxon_airflow.polyaxonfile import read_operation
    from polyaxon_airflow.runners.base import RunIdentity
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.store import Run
    from polyaxon_airflow.triggers.run import RunTrigger

    literal = resolve(compile_operation(read_operation(TEXT)), RunContext())
    uuid = uuid_of(index)
    store.runs.begin(Run(uuid, "train", now(), content=literal.to_dict()))
    manifest = literal.run.manifest(Launch(uuid, "train", "acme", "digits"))
    handle = await runner.submit_async(api, manifest, RunIdentity(uuid, "train", "acme", "digits"))
    store.runs.set_status(uuid, "running", at=now())
    return RunTrigger(handle, Attempt(uuid, logs=False).to_dict(), access.to_dict(), deferred_at=time.time())


def uuid_of(index):
    return f"{index + 1:032x}"


async def ended(trigger):
    """When a trigger has fired, Unix seconds."""
    async for _ in trigger.run():
        break
    return time.time()


async def watched(lags, every=0.1):
    """How much later than asked for the event loop comes back."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(every)
        lags.append(time.monotonic() - before - every)


if __name__ == "__main__":
    main()
