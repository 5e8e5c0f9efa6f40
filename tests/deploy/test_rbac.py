"""deploy/kubernetes/rbac.yaml: enough for everything that Airflow does to a cluster, and no more."""

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.kubernetes.resources import KINDS
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.contracts.runner import Followed, container, pod
from tests.kube import controllers, strict
from tests.kube.cluster import Cluster
from tests.kube.crds import published
from tests.kube.fixtures import connector, needs_namespaces
from tests.kube.rights import Right, rights_of
from tests.runtimes.runs import manifest

FILE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "rbac.yaml"
OURS = "polyaxon-connection-bucket"  # a secret that stands for an Airflow connection
JOB = "{kind: pytorchjob, master: {container: {image: i, command: [sh, -c, 'echo up; sleep %s']}}}"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"ports": [{"port": 80}]},
}


def objects():
    return {
        (found["kind"], found["metadata"]["name"]): found for found in yaml.safe_load_all(FILE.read_text())
    }


def role():
    return objects()["Role", "polyaxon-airflow"]


@pytest.fixture(scope="module")
def cluster():
    needs_namespaces()
    with Cluster(crds=published().values(), controllers=controllers.ALL) as cluster:
        yield cluster


def runner_as(cluster, token, rights, tmp_path):
    """A runner whose credentials allow what is given."""
    cluster.call(lambda: cluster.server.guard.rights.update({token: rights}))
    kubeconfig = cluster.server.kubeconfig()
    kubeconfig["users"][0]["user"]["token"] = token
    (tmp_path / token).write_text(json.dumps(kubeconfig))
    return KubernetesRunner(connector(tmp_path / token), "default", grace=1, secrets={OURS: {"A": "b"}}.get)


def do_everything(runner):
    secret = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": OURS, "key": "A"}}}]
    made = {**pod(container("echo up", env=secret)), "companions": [SERVICE]}
    first = Followed(runner, made)
    runner.clean(first.handle, keep=3600)
    again = Followed(
        runner, made, uuid=first.run.uuid
    )  # makes its secret anew, and waits for the kept pod to go
    runner.clean(again.handle)
    for script, stop_at in ((0, None), (60, "up")):
        uuid = uuid4().hex
        job = Followed(runner, manifest(JOB % script, uuid=uuid), uuid=uuid, stop_at=stop_at)
        assert job.outcome.status == ("stopped" if stop_at else "succeeded")
        runner.clean(job.handle, keep=time.time())


def test_the_role_is_enough_and_no_more(cluster, tmp_path):
    do_everything(runner_as(cluster, "airflow", rights_of(role()), tmp_path))
    custom = {right for right in rights_of(role()) if right.group and right.resource != "pytorchjobs"}
    assert cluster.server.guard.used["airflow"] == rights_of(role()) - custom


def test_all_custom_resources_need_what_one_of_them_needs():
    verbs = {right.verb for right in rights_of(role()) if right.resource == "pytorchjobs"}
    expected = {
        Right(kind.api_version.partition("/")[0], kind.plural, verb) for kind in KINDS for verb in verbs
    }
    assert {right for right in rights_of(role()) if right.group} == expected


def test_a_right_that_is_missing_is_named_with_the_page_that_helps(cluster, tmp_path):
    rights = rights_of(role()) - {Right("", "pods", "create")}
    sentence = 'cannot create resource "pods".*docs/kubernetes.md'
    with pytest.raises(PermanentRunnerError, match=sentence):
        Followed(runner_as(cluster, "less", rights, tmp_path), pod(container("echo up")))


@pytest.mark.parametrize(
    "found", [pytest.param(found, id=" ".join(name)) for name, found in objects().items()]
)
def test_the_manifests_are_valid(found):
    assert strict.faults_of(found) == []


def test_the_role_is_bound_to_what_the_chart_makes():
    binding = objects()["RoleBinding", "polyaxon-airflow"]
    assert binding["roleRef"]["name"] == role()["metadata"]["name"]
    assert {(s["name"], s["namespace"]) for s in binding["subjects"]} == {
        ("airflow-worker", "airflow"),
        ("airflow-scheduler", "airflow"),
        ("airflow-triggerer", "airflow"),
    }
