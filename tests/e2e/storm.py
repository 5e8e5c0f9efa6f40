"""Events while the triggerer is killed: a repository and a folder that grow, and an Airflow that starts runs for them.

One DAG gets a run for each commit and each file, another one runs for all commits that are there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.rest import ApiError
from tests.init.gitserver import ENVIRONMENT

DAGS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from polyaxon_airflow.dag.dispatching import dispatcher_of, event_timetable

COMMITS = {"kinds": ["connection_git_commit"], "ref": "connections.code"}
FILES = {"kinds": ["connection_dataset_version"], "ref": "connections.lake?path=*.csv"}
BATCHED = {**COMMITS, "ref": "connections.code?coalesce=true"}
for name, events in {"each": [COMMITS, FILES], "batched": [BATCHED]}.items():
    # An EmptyOperator needs no worker: what is measured are events and DAG runs.
    with DAG(name, schedule=event_timetable(events), max_active_runs=50) as globals()[name]:
        EmptyOperator(task_id="train")
    globals()[f"{name}_events"] = dispatcher_of(name, events)
"""
CONNECTIONS = """
connections:
- {{name: code, kind: git, schema: {{url: "{folder}/code"}}}}
- {{name: lake, kind: host_path, schema: {{hostPath: "{folder}/lake", mountPath: /lake}}}}
"""
SETTINGS = {
    "AIRFLOW__POLYAXON__AUTO_BUNDLE": "False",
    "AIRFLOW__POLYAXON__EVENT_POLL_INTERVAL": "2",
    # Airflow gives the triggers of a dead triggerer to another one after this; 30 s unless said.
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
}


@dataclass
class Outcome:
    """What came of a storm."""

    expected: dict[str, set[str]]  # DAG -> what an event of its was about
    seen: dict[str, Counter[str]]  # DAG -> how often its runs were told of each
    runs: dict[str, int]  # DAG -> how many runs there were
    kills: int
    seconds: float

    @property
    def lost(self):
        return {dag: sorted(names - self.seen[dag].keys()) for dag, names in self.expected.items()}

    @property
    def doubled(self):
        return {
            dag: sorted(name for name, count in seen.items() if count > 1) for dag, seen in self.seen.items()
        }

    @property
    def strange(self):
        return {dag: sorted(self.seen[dag].keys() - names) for dag, names in self.expected.items()}


class Storm:
    def __init__(self, folder, count, *, kill_every, pause, at_least=0):
        """`count` commits and as many files, `pause` seconds apart, the triggerer killed after every `kill_every` seconds.

        `at_least` as many kills have parts of the events between them, however fast the machine is.
        """
        self.folder, self.count, self.kill_every, self.pause = folder, count, kill_every, pause
        self.at_least, self.kills = at_least, 0
        self.code, self.lake = folder / "code", folder / "lake"
        self.commits, self.files = set(), set()

    def run(self, patience=600):
        self.prepare()
        began = time.monotonic()
        with EmbeddedAirflow(self.folder / "home", self.folder / "dags", settings=SETTINGS) as airflow:
            self.client = airflow.client()
            self.wait_for_cursors(120)
            over = threading.Event()
            threads = [
                threading.Thread(target=self.grow),
                threading.Thread(target=self.kill, args=(airflow, over)),
            ]
            for thread in threads:
                thread.start()
            threads[0].join()
            expected = {"each": self.commits | self.files, "batched": self.commits}
            self.wait_for_runs(expected, patience)
            over.set()
            threads[1].join()
            time.sleep(10)  # in which a run too many would come
            confs = {dag: list(self.confs(dag)) for dag in expected}
        seen = {dag: Counter(map(_about, _events(confs[dag]))) for dag in expected}
        runs = {dag: len(found) for dag, found in confs.items()}
        return Outcome(expected, seen, runs, self.kills, time.monotonic() - began)

    def prepare(self):
        (self.folder / "dags").mkdir(parents=True)
        (self.folder / "dags" / "storm.py").write_text(DAGS)
        (self.folder / "dags" / "connections.yaml").write_text(CONNECTIONS.format(folder=self.folder))
        self.lake.mkdir()
        self.git("init", "--quiet", "--initial-branch=main", self.code, cwd=self.folder)
        self.git("commit", "--quiet", "--allow-empty", "-m", "first")

    def git(self, *arguments, cwd=None):
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.code,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def wait_for_cursors(self, patience):
        """Until both watches know what is there already."""
        from polyaxon_airflow.store import open_store

        until = time.monotonic() + patience
        with open_store(f"sqlite:///{self.folder}/home/polyaxon/store.db") as store:
            while len([cursor for cursor in store.cursors.all() if cursor.value is not None]) < 2:
                assert time.monotonic() < until, "no watch has looked yet"
                time.sleep(0.5)

    def grow(self):
        for number in range(self.count):
            self.git("commit", "--quiet", "--allow-empty", "-m", f"commit {number}")
            self.commits.add(self.git("rev-parse", "HEAD"))
            (self.lake / f"{number}.csv").write_text(str(number))
            self.files.add(f"{number}.csv")
            time.sleep(self.pause)
            self.wait_for_kills((self.at_least + 1) * number // self.count)

    def wait_for_kills(self, count, patience=300):
        until = time.monotonic() + patience
        while self.kills < count and time.monotonic() < until:
            time.sleep(0.1)

    def kill(self, airflow, over):
        """Kill the triggerer when both watches have run in it for `kill_every` seconds."""
        log = airflow.home / "triggerer.log"
        while not over.wait(self.kill_every):
            os.killpg(airflow.pid("triggerer"), signal.SIGKILL)
            self.kills += 1
            begun = _begun(log)
            airflow.start_component("triggerer")
            while _begun(log) < begun + 2 and not over.wait(0.5):
                pass

    def wait_for_runs(self, expected, patience):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if all(names <= set(map(_about, _events(self.confs(dag)))) for dag, names in expected.items()):
                return
            time.sleep(3)

    def confs(self, dag):
        offset = 0
        while True:
            try:
                page = self.client.get(f"/dags/{dag}/dagRuns", limit=100, offset=offset)["dag_runs"]
            except ApiError:  # the machine is busy
                time.sleep(1)
                continue
            yield from (run["conf"] for run in page)
            offset += len(page)
            if len(page) < 100:
                return


def _events(confs):
    for conf in confs:
        yield from conf.get("events") or [conf["event"]]


def _about(event):
    return event.get("sha") or event["path"]


def _begun(log):
    """How many triggers have begun so far."""
    return len(re.findall(r"trigger ID \d+ starting", log.read_text(errors="replace")))
