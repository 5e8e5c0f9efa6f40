"""Events: nothing lost and nothing doubled while the triggerer dies (N28), and what waiting costs.

    python bench/events.py storm [--count 1000] [--kill-every 20]
    python bench/events.py cost [--count 1000] [--seconds 300]
    python bench/events.py streams [--dags 200] [--seconds 300]

`storm`: so many commits and so many files, an Airflow that starts a run for each, and its triggerer killed (SIGKILL)
every 20 s. `cost`: a triggerer with so many waiting events of each kind, polled every 60 s, next to one with as many of
Airflow's own: asset watchers, triggers that only sleep, and those that ask for the state of another task; the logs of
one that ends meanwhile are kept.
`streams`: so many polyaxonfiles that each watch a part of one
repository and of one bucket, and what their servers are asked. Each writes its part of bench/results/events.json.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from polyaxon_airflow.embedded import EmbeddedAirflow  # noqa: E402
from polyaxon_airflow.store import open_store  # noqa: E402
from tests.artifacts.s3 import s3_server  # noqa: E402
from tests.e2e.storm import Storm  # noqa: E402
from tests.init.gitserver import Repository, serve  # noqa: E402

RESULTS = HERE / "results" / "events.json"

RUNS = 100  # DAG runs over which tasks that wait are spread: a DAG of a thousand tasks would measure its own size

# One DAG that waits for N events: a DAG a watch would measure Airflow's DAGs.
WATCHES = """
from airflow.sdk import DAG, Asset, AssetAny, AssetWatcher

from polyaxon_airflow.events.watches import watch_of
from polyaxon_airflow.triggers.watch import WatchTrigger

REFS = {refs}
watches = [watch_of(kinds, ref) for kinds, ref in REFS]
assets = [
    Asset(name=watch.name, uri=watch.uri, watchers=[AssetWatcher(name="w", trigger=WatchTrigger(**watch.to_dict()))])
    for watch in watches
]
with DAG("waiting", schedule=AssetAny(*assets)):
    pass
"""
WATCHERS = """
from airflow.providers.standard.triggers.file import FileDeleteTrigger
from airflow.sdk import DAG, Asset, AssetAny, AssetWatcher

triggers = [FileDeleteTrigger(filepath=f"/nowhere/{{number}}", poke_interval=60) for number in range({count})]
assets = [
    Asset(name=f"file {{number}}", watchers=[AssetWatcher(name="w", trigger=trigger)])
    for number, trigger in enumerate(triggers)
]
with DAG("waiting", schedule=AssetAny(*assets)):
    pass
"""
DEFERRED = """
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.triggers.external_task import WorkflowTrigger
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import DAG, BaseOperator
from airflow.triggers.base import StartTriggerArgs

SLEEPS = DateTimeTrigger(datetime(2099, 1, 1, tzinfo=timezone.utc))
ASKS = WorkflowTrigger(
    "waiting", run_ids=["none"], external_task_ids=["t0"], allowed_states=["success"], poke_interval=60
)


class Deferred(BaseOperator):
    start_from_trigger = True

    def __init__(self, *, trigger, **kwargs):
        super().__init__(**kwargs)
        path, arguments = trigger.serialize()
        self.start_trigger_args = StartTriggerArgs(trigger_cls=path, trigger_kwargs=arguments, next_method="done")

    def execute(self, context):
        pass


with DAG("waiting", schedule=None, max_active_tasks=10000, max_active_runs=1000) as dag:
    for number in range({count}):
        Deferred(task_id=f"t{{number}}", trigger={trigger})
"""
WAITS = """
from airflow.sdk import DAG

from airflow.providers.standard.operators.bash import BashOperator
from polyaxon_airflow.sensors import EventSensor

with DAG("waiting", schedule=None, max_active_tasks=10000, max_active_runs=1000) as dag:
    # Paused by a pool without slots: the operation that all wait for never begins.
    BashOperator(task_id="train", bash_command="true", pool="nothing")
    for number in range({count}):
        want = {{"operation": "train", "kinds": ["run_status_running"], "tasks": ["train"], "last": ["train"]}}
        EventSensor(task_id=f"t{{number}}", wanted=[want])
"""
WATCHING = """
kind: operation
name: watching-{number}
events:
- {{kinds: [connection_git_commit], ref: "connections.code?path=src/{number}/**"}}
- {{kinds: [connection_dataset_version], ref: "connections.lake?path=days/{number}/*.csv"}}
component: {{run: {{kind: job, container: {{image: busybox, command: ["true"]}}}}}}
"""


def refs(kind, count):
    """`count` different events of one kind."""
    made = {
        "commits of one repository": lambda n: (
            ["connection_git_commit"],
            f"connections.code?path=src/{n}/**",
        ),
        "files of one folder": lambda n: (
            ["connection_dataset_version"],
            f"connections.lake?path=days/{n}/*.csv",
        ),
        "metrics of runs": lambda n: (["alert_info"], f"runs?query=metrics.loss:<{n}"),
        "statuses of runs": lambda n: (["run_status_failed"], f"dags.train-{n}"),
    }
    return WATCHES.format(refs=[made[kind](number) for number in range(count)])


SCENES = {
    "nothing": lambda _: "",
    "Airflow's own sleeping triggers": lambda count: DEFERRED.format(count=count // RUNS, trigger="SLEEPS"),
    "Airflow's own triggers that ask for a task": lambda count: DEFERRED.format(
        count=count // RUNS, trigger="ASKS"
    ),
    "Airflow's own watchers": lambda count: WATCHERS.format(count=count),
    **{
        kind: (lambda count, kind=kind: refs(kind, count))
        for kind in (
            "commits of one repository",
            "files of one folder",
            "metrics of runs",
            "statuses of runs",
        )
    },
    "operations of a dag": lambda count: WAITS.format(count=count // RUNS),
}
NEED_A_RUN = (
    "Airflow's own sleeping triggers",
    "Airflow's own triggers that ask for a task",
    "operations of a dag",
)


def cost(count, seconds, only):
    results = known().get("cost", {}).get("scenes", {}) if only else {}
    for scene, dags in SCENES.items():
        if not only or scene in only:
            results[scene] = measure(scene, dags(count), count if scene != "nothing" else 0, seconds)
            print(f"{scene}: {results[scene]}", flush=True)
    write("cost", {"count": count, "seconds": seconds, "interval": 60, "scenes": results})


def measure(scene, dags, count, seconds):
    folder = Path(tempfile.mkdtemp(prefix="polyaxon-bench-"))
    prepare(folder, dags)
    with EmbeddedAirflow(folder / "home", folder / "dags", settings=settings(count)) as airflow:
        begin(airflow, scene, count)
        result = used_by(triggerer(airflow), seconds)
    shutil.rmtree(folder)  # not after an error: its logs say why
    return result


def settings(count, *, bundle=False):
    return {
        "AIRFLOW__POLYAXON__AUTO_BUNDLE": str(bundle),
        "AIRFLOW__POLYAXON__EVENT_POLL_INTERVAL": "60",
        "AIRFLOW__POLYAXON__EVENT_WAIT_INTERVAL": "60",
        "AIRFLOW__TRIGGERER__CAPACITY": str(2 * count + 10),
    }


def used_by(leader, seconds):
    """CPU, in per cent of a core, and memory of a process and all below it; of each of them too."""
    used, started, memory = cpu(leader), time.monotonic(), []
    while time.monotonic() - started < seconds:
        time.sleep(5)
        if leader.status() == "zombie":
            raise RuntimeError("the triggerer ended")
        memory.append([of.memory_full_info().pss for of in living(leader)])
    share = (cpu(leader) - used) / (time.monotonic() - started)
    middle = sorted(memory, key=sum)[len(memory) // 2]
    return {
        "cpu_percent": round(100 * share, 2),
        "mb": megabytes(sum(middle)),
        "mb_of_processes": [*map(megabytes, middle)],
    }


def megabytes(size):
    return round(size / 1e6, 1)


def streams(dags, seconds):
    with tempfile.TemporaryDirectory(prefix="polyaxon-bench-") as name, s3_server("lake") as variables:
        folder = Path(name)
        (folder / "dags").mkdir()
        for number in range(dags):
            (folder / "dags" / f"watching-{number}.yaml").write_text(WATCHING.format(number=number))
        Repository(folder / "code").commit("first")
        with serve(folder) as (git_server, url):
            connections = [
                {"name": "code", "kind": "git", "schema": {"url": f"{url}/code"}},
                {"name": "lake", "kind": "s3", "schema": {"bucket": "s3://lake"}, "env": variables},
            ]
            (folder / "dags" / "connections.yaml").write_text(json.dumps({"connections": connections}))
            more = settings(2 * dags, bundle=True)
            with EmbeddedAirflow(folder / "home", folder / "dags", settings=more) as airflow:
                wait_until(lambda: running(airflow) >= 2 * dags, f"{2 * dags} triggers")
                time.sleep(90)  # the first polls
                asked = len(git_server.logins)
                result = used_by(triggerer(airflow), seconds)
                asked = len(git_server.logins) - asked
                kept = cursors(airflow)
                names = [cursor.name for cursor in kept]
    result |= {
        "dags": dags,
        "watches": sum(name.startswith(("git ", "data ")) for name in names),
        "errors": sorted({cursor.error for cursor in kept if cursor.error}),
        "streams": sorted(name for name in names if name.startswith("stream ")),
        "seconds": seconds,
        "git_requests_a_minute": round(60 * asked / seconds, 1),  # `git ls-remote` is two
    }
    print(json.dumps(result, indent=1))
    write("streams", result)


def cursors(airflow):
    with open_store(f"sqlite:///{airflow.home}/polyaxon/store.db") as store:
        return store.cursors.all()


def prepare(folder, dags):
    (folder / "dags").mkdir()
    (folder / "dags" / "waiting.py").write_text(dags)
    Repository(folder / "code").commit("first")
    (folder / "lake").mkdir()
    open_store(f"sqlite:///{folder}/home/polyaxon/store.db").close()  # migrating is not what waiting costs
    connections = [
        f'- {{name: code, kind: git, schema: {{url: "{folder}/code"}}}}',
        f'- {{name: lake, kind: host_path, schema: {{hostPath: "{folder}/lake", mountPath: /lake}}}}',
    ]
    (folder / "dags" / "connections.yaml").write_text("connections:\n" + "\n".join(connections))


def begin(airflow, scene, count):
    """Until all triggers run."""
    client = airflow.client()
    if count:
        wait_until(lambda: client.get("/dags")["total_entries"] == 1, "the DAG")
    if scene == "operations of a dag":
        client.post("/pools", {"name": "nothing", "slots": 0})
    if scene in NEED_A_RUN:
        for _ in range(RUNS):
            client.trigger("waiting")
    log = airflow.home / "triggerer.log"
    wait_until(lambda: running(airflow) >= count, f"{count} triggers", log)
    time.sleep(30)  # the first polls, which are not what waiting costs


def running(airflow):
    """Triggers that the triggerer has begun, of which Airflow's database knows."""
    import sqlite3

    with sqlite3.connect(f"file:{airflow.home}/airflow.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM trigger WHERE triggerer_id IS NOT NULL").fetchone()[0]


def wait_until(holds, what, log=None, patience=900):
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"no {what}" + (f":\n{log.read_text()[-2000:]}" if log else ""))
        time.sleep(1)


def triggerer(airflow):
    import psutil

    return psutil.Process(airflow.pid("triggerer"))


def cpu(leader):
    """Seconds of CPU, of processes that have ended too."""
    return sum(sum(of.cpu_times()[:4]) for of in living(leader))


def living(leader):
    """A process and those below it that go on: not a `git` that is about to end."""
    import psutil

    for process in [leader, *leader.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            if "airflow" in " ".join(process.cmdline()):
                yield process


def storm(count, kill_every):
    with tempfile.TemporaryDirectory(prefix="polyaxon-bench-") as name:
        outcome = Storm(Path(name) / "storm", count, kill_every=kill_every, pause=0.05).run(patience=3600)
        result = {
            "count": count,
            "kill_every": kill_every,
            "kills": outcome.kills,
            "seconds": round(outcome.seconds),
            "runs": outcome.runs,
            "lost": {dag: len(names) for dag, names in outcome.lost.items()},
            "doubled": {dag: len(names) for dag, names in outcome.doubled.items()},
            "strange": {dag: len(names) for dag, names in outcome.strange.items()},
        }
    print(json.dumps(result, indent=1))
    write("storm", result)


def write(part, result):
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**known(), part: result, "cpus": os.cpu_count()}, indent=1) + "\n")


def known():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["storm", "cost", "streams"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--dags", type=int, default=200)
    parser.add_argument("--kill-every", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--only", action="append")
    options = parser.parse_args()
    if options.what == "storm":
        storm(options.count, options.kill_every)
    elif options.what == "streams":
        streams(options.dags, options.seconds)
    else:
        cost(options.count, options.seconds, options.only)


if __name__ == "__main__":
    main()
