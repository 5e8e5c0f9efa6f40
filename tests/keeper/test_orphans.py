"""Runs on a cluster whose task has ended while nobody followed them."""

from datetime import datetime, timezone

import pytest

from polyaxon_airflow.keeper.orphans import Orphans
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.store import Run, open_store
from polyaxon_airflow.store.records import TaskKey
from tests.contracts.runner import container, pod
from tests.keeper.process import environment, keeper, wait_for
from tests.kube.fixtures import connector

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


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


def test_a_task_that_goes_on_after_all_has_its_run(store):
    task, looking = begin(store, "a" * 32), Looking(store)
    looking.over.add(task)
    looking.at(0)
    looking.over.clear()  # cleared, it starts anew
    assert looking.at(20) == []
    looking.over.add(task)
    assert [looking.at(40), looking.at(60)] == [[], []]


@pytest.fixture
def deployment(tmp_path, namespace, sqlite_template):
    return environment(tmp_path, namespace.kubeconfig, sqlite_template, trials=["failed", "deferred"])


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
