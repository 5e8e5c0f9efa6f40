"""Runs on a cluster whose task has ended while nobody followed them."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from polyaxon_airflow.keeper.orphans import EndingProcess, Orphans
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.store import Run, open_store
from polyaxon_airflow.store.records import TaskKey
from tests.contracts.runner import container, pod
from tests.keeper.rows import rows_in
from tests.kube.fixtures import connector

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def begin(store, uuid, handle=None, **where):
    where = {"dag_id": "d", "dag_run_id": "r", "task_id": "t", "map_index": -1, **where}
    store.runs.begin(Run(uuid=uuid, name="t", created_at=NOW, **where))
    store.runs.set_status(uuid, "running", None, at=NOW)
    store.runs.update(uuid, handle=handle or {"runner": "kubernetes"}, at=NOW)
    return TaskKey(**where)


class Looking:
    """Orphans whose clock and Airflow are a test's."""

    def __init__(self, store):
        self.now, self.over, self.ends = 0.0, set(), []
        self.is_busy = False
        self.orphans = Orphans(store, self.ended, self.end, patience=30, clock=lambda: self.now)

    def end(self, uuids):
        if not self.is_busy:
            self.ends.append(uuids)
        return not self.is_busy

    def ended(self, tasks):
        return self.over.intersection(tasks)

    def at(self, now):
        """What is ended in a look at this second."""
        self.now, before = now, len(self.ends)
        self.orphans.look()
        return self.ends[before:]


def test_a_run_whose_task_has_ended_is_ended_if_nobody_else_does(store):
    task, looking = begin(store, "a" * 32), Looking(store)
    begin(store, "b" * 32, map_index=2)
    assert looking.at(0) == []
    looking.over.add(task)
    assert [looking.at(1), looking.at(30)] == [[], []]
    assert looking.at(31) == [["a" * 32]]
    assert [looking.at(32), looking.at(61)] == [[], [["a" * 32]]]  # the cluster had not answered
    store.runs.set_status("a" * 32, "stopped", None, at=NOW)
    assert looking.at(100) == []


def test_runs_wait_while_others_are_being_ended(store):
    task, looking = begin(store, "a" * 32), Looking(store)
    looking.over.add(task)
    looking.is_busy = True
    assert [looking.at(0), looking.at(31), looking.at(200)] == [[], [], []]
    looking.is_busy = False
    assert looking.at(201) == [["a" * 32]]


def test_one_process_at_a_time_ends_runs(tmp_path):
    (tmp_path / "gate").touch()
    wait = "import pathlib, sys, time\nwhile pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)"
    ending = EndingProcess([sys.executable, "-c", wait, str(tmp_path / "gate")])
    assert ending.begin(["a"])
    assert not ending.begin(["b"])
    (tmp_path / "gate").unlink()
    deadline = time.monotonic() + 60
    while not ending.begin(["b"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ending.stop()


def test_a_task_that_goes_on_after_all_has_its_run(store):
    task, looking = begin(store, "a" * 32), Looking(store)
    looking.over.add(task)
    looking.at(0)
    looking.over.clear()  # cleared, it starts anew
    assert looking.at(20) == []
    looking.over.add(task)
    assert [looking.at(40), looking.at(60)] == [[], []]


def wait_for(condition, patience=180):
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, f"waited {patience} s in vain"
        time.sleep(0.05)


@pytest.fixture
def deployment(tmp_path, namespace, sqlite_template):
    """The environment of an Airflow whose runs go to a cluster that a connection in its database names."""
    shutil.copy(sqlite_template, tmp_path / "airflow.db")
    url = f"sqlite:///{tmp_path}/airflow.db"
    with rows_in(url) as rows:
        extra = json.dumps({"kube_config_path": namespace.kubeconfig})
        flags = {"is_encrypted": False, "is_extra_encrypted": False}
        rows.insert("connection", conn_id="lab", conn_type="kubernetes", extra=extra, **flags)
        rows.task("trial", 0, "failed")
        rows.task("trial", 1, "deferred")
    return {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__POLYAXON__STORE_URL": f"sqlite:///{tmp_path}/store.db",
        "AIRFLOW__POLYAXON__RUNNER": "kubernetes",
        "AIRFLOW__POLYAXON__KUBERNETES_CONN_ID": "lab",
        "AIRFLOW__POLYAXON__GRACE": "0",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def keeper(environment, **settings):
    """The process that the scheduler starts."""
    urls = {
        "url": environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"],
        "store_url": environment["AIRFLOW__POLYAXON__STORE_URL"],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "polyaxon_airflow.keeper"], stdin=subprocess.PIPE, env=environment
    )
    told = {**urls, "parent": os.getpid(), "queues_file": "", "interval": 0, **settings}
    process.stdin.write(json.dumps(told).encode() + b"\n")
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_the_keeper_has_the_pod_of_such_a_run_deleted_and_no_other(store, namespace, core, deployment):
    runner = KubernetesRunner(connector(namespace.kubeconfig), namespace.name)
    names = {}
    for index, uuid in enumerate(["a" * 32, "b" * 32]):
        handle = runner.submit(pod(container("sleep 600")), RunIdentity(uuid, "t", "default", "default"))
        begin(store, uuid, handle, dag_id="tune", task_id="trial", map_index=index)
        names[uuid] = handle["name"]
    with keeper(deployment, orphans_interval=1, on_cluster=True):
        wait_for(lambda: store.runs.get("a" * 32).status != "running")
    pods = core.list_namespaced_pod(namespace.name).items
    left = [found.metadata.name for found in pods if found.metadata.deletion_timestamp is None]
    assert left == [names["b" * 32]]
    assert [store.runs.get(uuid).status for uuid in names] == ["stopped", "running"]


def test_a_keeper_whose_scheduler_has_died_before_it_was_there_ends(deployment):
    with keeper(deployment, parent=2**22 + 1, orphans_interval=1, on_cluster=True) as process:
        process.wait(120)
