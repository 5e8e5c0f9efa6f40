"""What `termination.ttl` has kept on a cluster, and nothing else that runs there removes."""

from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest

from polyaxon_airflow.clock import now
from polyaxon_airflow.keeper.expired import AT_ONCE, Expired
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.store import Run, open_store
from tests.contracts.runner import container, pod
from tests.keeper.process import environment, keeper, wait_for
from tests.kube.cluster import Cluster
from tests.kube.crds import published
from tests.kube.fixtures import connector, needs_namespaces
from tests.runtimes.runs import manifest

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
JOB = "{kind: pytorchjob, master: {container: {image: i, command: [echo, x]}}}"


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def end(store, uuid, until, *, status="failed", handle=None):
    store.runs.begin(Run(uuid=uuid, name="t", created_at=NOW))
    store.runs.update(uuid, handle=handle or {"runner": "kubernetes"}, at=NOW)
    store.runs.set_status(uuid, status, at=NOW)
    store.kept.keep(uuid, until)


def after(seconds):
    return NOW + timedelta(seconds=seconds)


class Looking:
    """Expired runs whose clock is a test's."""

    def __init__(self, store):
        self.now, self.removals, self.is_busy = NOW, [], False
        self.expired = Expired(store, self.remove, now=lambda: self.now)

    def remove(self, uuids):
        if not self.is_busy:
            self.removals.append(uuids)
        return not self.is_busy

    def at(self, seconds):
        """What is removed in a look then."""
        self.now, before = after(seconds), len(self.removals)
        self.expired.look()
        return self.removals[before:]


def test_nothing_is_begun_while_nothing_is_kept_for_long_enough(store):
    looking = Looking(store)
    assert looking.at(0) == []
    end(store, "a" * 32, after(60))
    assert [looking.at(59), looking.at(60)] == [[], [["a" * 32]]]


def test_a_run_whose_cluster_does_not_answer_is_tried_again_an_hour_later(store):
    looking = Looking(store)
    end(store, "a" * 32, after(0))
    end(store, "b" * 32, after(100))
    assert [looking.at(0), looking.at(60), looking.at(120)] == [[["a" * 32]], [], [["b" * 32]]]
    store.kept.forget("b" * 32)
    assert [looking.at(3599), looking.at(3600)] == [[], [["a" * 32]]]


def test_a_run_waits_while_others_are_being_removed(store):
    looking = Looking(store)
    end(store, "a" * 32, after(0))
    looking.is_busy = True
    assert looking.at(0) == []
    looking.is_busy = False
    assert looking.at(1) == [["a" * 32]]


def test_many_are_removed_in_several_goes(store):
    looking = Looking(store)
    uuids = [f"{number:032x}" for number in range(AT_ONCE + 1)]
    for number, uuid in enumerate(uuids):
        end(store, uuid, after(number / 1000))
    assert [looking.at(60), looking.at(61), looking.at(62)] == [[uuids[:AT_ONCE]], [uuids[AT_ONCE:]], []]


def test_the_keeper_has_what_was_kept_for_long_enough_removed_and_nothing_else(
    store, tmp_path, sqlite_template
):
    needs_namespaces()
    ago, later = now() - timedelta(seconds=1), now() + timedelta(hours=1)
    ends = {
        "a pod": (pod(container("echo x")), ago, "failed"),
        "a resource": (manifest(JOB, uuid=uuid4().hex), ago, "succeeded"),
        "a pod to be kept": (pod(container("echo x")), later, "failed"),
        "a pod that is tried again": (pod(container("sleep 600")), ago, "running"),
    }
    crd = published()["kubeflow.org/v1", "PyTorchJob"]
    with Cluster(crds=[crd]) as cluster:
        runner = KubernetesRunner(connector(cluster.kubeconfig), "default", grace=0)
        left, uuids = {}, {}
        for name, (what, until, status) in ends.items():
            uuids[name] = uuid = uuid4().hex
            left[name] = runner.submit(what, RunIdentity(uuid, "t", "default", "default"))
            end(store, uuid, until, status=status, handle=left[name])
        deployment = environment(tmp_path, cluster.kubeconfig, sqlite_template)
        with keeper(deployment, ttl_interval=1, on_cluster=True):
            wait_for(lambda: store.kept.due(now()) == [])
        there = {name: is_there(cluster, handle) for name, handle in left.items()}
    assert there == {
        "a pod": False,
        "a resource": False,
        "a pod to be kept": True,
        "a pod that is tried again": True,
    }
    assert store.kept.due(later) == [uuids["a pod to be kept"]]
    assert store.runs.get(uuids["a pod that is tried again"]).status == "running"


def is_there(cluster, handle):
    """Whether an object is in the cluster, and nobody has asked for its end."""
    objects = cluster.server.objects
    resource = objects.types[handle["apiVersion"], f"{handle['kind'].lower()}s"]
    found = [obj["metadata"] for obj in cluster.call(objects.select, resource)]
    return handle["name"] in {obj["name"] for obj in found if "deletionTimestamp" not in obj}
