"""Distributed runs, with stand-ins for the operators that write the statuses of the real ones."""

import re
from uuid import uuid4

import pytest
from kubernetes import client, config

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import Outcome, RunIdentity
from polyaxon_airflow.runners.kubernetes.resources import KINDS, Verdict, kind_of
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.contracts.runner import Followed
from tests.kube import controllers
from tests.kube.cluster import Cluster
from tests.kube.crds import published
from tests.kube.fixtures import connector, needs_namespaces
from tests.runtimes.runs import manifest

V1 = ("TFJob", "PyTorchJob", "MPIJob")


@pytest.fixture(scope="module")
def cluster():
    """A cluster that has the operators of all kinds, and takes nothing that their CRDs do not know."""
    needs_namespaces()
    with cluster_with(*(kind for _, kind in published())) as cluster:
        yield cluster


def cluster_with(*kinds):
    crds = [crd for (_, kind), crd in published().items() if kind in kinds]
    operators = [operator for operator in controllers.ALL if operator.resource.kind in kinds]
    return Cluster(strict=True, crds=crds, controllers=operators)


def runner_of(cluster):
    return KubernetesRunner(connector(cluster.kubeconfig), "default", grace=1)


def core_of(cluster):
    configuration = client.Configuration()
    config.load_kube_config(cluster.kubeconfig, client_configuration=configuration)
    return client.CoreV1Api(client.ApiClient(configuration))


@pytest.fixture
def runner(cluster):
    return runner_of(cluster)


def script(text, image="image"):
    return f"{{image: {image}, command: [sh, -c], args: ['{text}']}}"


JOBS = [
    pytest.param(
        f"{{kind: pytorchjob, master: {{container: {script('echo rank $RANK of $WORLD_SIZE')}}}, "
        f"worker: {{replicas: 2, container: {script('echo worker $RANK; sleep 0.3')}}}}}",
        ["rank 0 of 3"],
        id="pytorchjob",
    ),
    pytest.param(
        f"{{kind: pytorchjob, worker: {{replicas: 2, container: {script('echo rank $RANK')}}}}}",
        ["rank 0"],
        id="pytorchjob of workers alone",
    ),
    pytest.param(
        f"{{kind: tfjob, chief: {{container: {script('echo chief')}}}, ps: {{container: {script('sleep 60')}}}}}",
        ["chief"],
        id="tfjob, whose parameter server does not end",
    ),
    pytest.param(
        f"{{kind: mpijob, launcher: {{container: {script('sleep 0.5; echo launched')}}}, "
        f"worker: {{replicas: 2, container: {script('sleep 60')}}}}}",
        ["launched"],
        id="mpijob",
    ),
    pytest.param(
        "{kind: raycluster, entrypoint: 'sh -c \"echo 42\"', head: {container: {image: ray}}}",
        ["42"],
        id="raycluster",
    ),
]


@pytest.mark.parametrize(("text", "lines"), JOBS)
def test_a_distributed_run_ends_with_the_log_of_its_leader(runner, text, lines):
    uuid = uuid4().hex
    followed = Followed(runner, manifest(text, uuid=uuid), uuid=uuid)
    assert followed.outcome == Outcome("succeeded", 0)
    assert followed.text() == lines
    runner.stop(followed.handle, grace=0)


FAILURES = [
    pytest.param(
        f"{{kind: tfjob, chief: {{container: {script('exit 3')}}}, worker: {{container: {script('sleep 60')}}}}}",
        r"the TFJob failed: TFJobFailed: TFJob failed because chief replica\(s\) failed. \(pod .*-chief-0: "
        "the main container exited with code 3",
        3,
        id="the chief",
    ),
    pytest.param(
        f"{{kind: pytorchjob, master: {{container: {script('sleep 60')}}}, worker: {{container: {script('exit 4')}}}}}",
        r"because worker replica\(s\) failed. \(pod .*-worker-0: the main container exited with code 4",
        4,
        id="a worker",
    ),
    pytest.param(
        "{kind: raycluster, entrypoint: 'false', head: {container: {image: ray}}}",
        "the RayJob failed: AppFailed: Job entrypoint command failed",
        1,
        id="an entrypoint",
    ),
]


@pytest.mark.parametrize(("text", "reason", "code"), FAILURES)
def test_a_failure_names_the_pod_and_its_exit_code(runner, text, reason, code):
    uuid = uuid4().hex
    followed = Followed(runner, manifest(text, uuid=uuid), uuid=uuid)
    runner.stop(followed.handle, grace=0)
    assert (followed.outcome.status, followed.outcome.exit_code) == ("failed", code)
    assert re.search(reason, followed.outcome.reason)


CLUSTERS = [
    pytest.param("{kind: raycluster, head: {container: %s}}", id="raycluster"),
    pytest.param("{kind: daskcluster, scheduler: {container: %s}, worker: {container: {image: w, command: [sleep, 60]}}}", id="daskcluster"),
]  # fmt: skip


@pytest.mark.parametrize("text", CLUSTERS)
def test_a_cluster_runs_until_it_is_stopped(cluster, runner, text):
    uuid = uuid4().hex
    loop = script('trap ""exit 0"" TERM; echo up; while true; do sleep 0.1; done'.replace('""', '"'))
    followed = Followed(runner, manifest(text % loop, uuid=uuid), uuid=uuid, stop_at="up")
    assert followed.outcome.status == "stopped"
    assert followed.outcome.reason == "enough seen"
    assert followed.text()[0] == "up"
    assert (
        core_of(cluster)
        .list_namespaced_pod("default", label_selector=f"operation.polyaxon.com/uuid={uuid}")
        .items
        == []
    )


def test_stopping_a_job_takes_all_of_its_pods(cluster, runner):
    uuid = uuid4().hex
    text = f"{{kind: mpijob, launcher: {{container: {script('echo up; sleep 60')}}}, worker: {{replicas: 3, container: {script('sleep 60')}}}}}"
    followed = Followed(runner, manifest(text, uuid=uuid), uuid=uuid, stop_at="up")
    assert followed.outcome.status == "stopped"
    assert (
        core_of(cluster)
        .list_namespaced_pod("default", label_selector=f"operation.polyaxon.com/uuid={uuid}")
        .items
        == []
    )


def test_a_retry_finds_the_job_that_lives(runner):
    uuid = uuid4().hex
    made = manifest(
        f"{{kind: pytorchjob, master: {{container: {script('echo one; sleep 1; echo two')}}}}}", uuid=uuid
    )
    first = runner.submit(made, RunIdentity(uuid, "t", "a", "p"))
    again = Followed(runner, made, uuid=uuid)
    assert again.handle == first
    assert again.text() == ["one", "two"]
    runner.clean(again.handle)


def test_a_job_that_somebody_deletes_is_no_success(cluster, runner):
    uuid = uuid4().hex
    made = manifest(f"{{kind: pytorchjob, master: {{container: {script('echo up; sleep 60')}}}}}", uuid=uuid)
    handle = runner.submit(made, RunIdentity(uuid, "t", "a", "p"))
    api = client.CustomObjectsApi(core_of(cluster).api_client)
    api.delete_namespaced_custom_object("kubeflow.org", "v1", "default", "pytorchjobs", handle["name"])
    outcome = runner.follow(handle, on_lines=lambda _: None, should_stop=lambda: None)
    assert outcome.status == "failed"
    assert "the PyTorchJob vanished before its end" in outcome.reason


def test_a_train_job_where_the_cluster_has_only_that():
    needs_namespaces()
    uuid = uuid4().hex
    text = f"{{kind: pytorchjob, master: {{container: {script('echo node $PET_NODE_RANK')}}}, worker: {{container: {script('echo node $PET_NODE_RANK')}}}}}"
    with cluster_with("TrainJob") as cluster:
        followed = Followed(runner_of(cluster), manifest(text, uuid=uuid), uuid=uuid)
    assert followed.handle["kind"] == "TrainJob"
    assert followed.outcome == Outcome("succeeded", 0)
    assert followed.text() == ["node 0"]


def test_a_cluster_without_the_operator_says_what_to_install():
    with Cluster(kubelet=None) as cluster:
        for text, sentence in [
            ("{kind: tfjob, chief: {container: {image: i}}}", "install the Kubeflow Training Operator .*"),
            (
                "{kind: pytorchjob, master: {container: {image: i}}}",
                "Training Operator .*, or Kubeflow Trainer .*",
            ),
            ("{kind: raycluster, head: {container: {image: i}}}", "needs a RayCluster, .* install KubeRay"),
        ]:
            with pytest.raises(PermanentRunnerError, match=sentence):
                runner_of(cluster).submit(manifest(text), RunIdentity(uuid4().hex, "train", "a", "p"))


STATUSES = [
    ("PyTorchJob", {}, Verdict(None, "its operator has not taken it up yet")),
    ("PyTorchJob", {"conditions": [{"type": "Running", "status": "True"}]}, Verdict(None, "")),
    ("PyTorchJob", {"conditions": [{"type": "Running", "status": "False"}, {"type": "Succeeded", "status": "True"}]}, Verdict("succeeded", "")),
    ("MPIJob", {"conditions": [{"type": "Failed", "status": "True", "reason": "R", "message": "m"}]}, Verdict("failed", "R: m")),
    ("TFJob", {"conditions": [{"type": "Suspended", "status": "True", "reason": "Queued"}]}, Verdict(None, "it is suspended: Queued")),
    ("TrainJob", {"conditions": [{"type": "Complete", "status": "True"}]}, Verdict("succeeded", "")),
    ("TrainJob", {"conditions": [{"type": "Failed", "status": "True", "message": "deadline"}]}, Verdict("failed", "deadline")),
    ("RayJob", {"jobDeploymentStatus": "Running", "jobStatus": "RUNNING"}, Verdict(None, "")),
    ("RayJob", {"jobDeploymentStatus": "Running", "jobStatus": "SUCCEEDED"}, Verdict(None, "")),
    ("RayJob", {"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"}, Verdict("succeeded", "")),
    ("RayJob", {"jobDeploymentStatus": "Complete", "jobStatus": "STOPPED"}, Verdict("failed", "the Ray job is STOPPED")),
    ("RayJob", {"jobDeploymentStatus": "Failed", "reason": "DeadlineExceeded", "message": "m"}, Verdict("failed", "DeadlineExceeded: m")),
    ("RayJob", {"jobDeploymentStatus": "Suspended"}, Verdict(None, "it is suspended")),
    ("RayCluster", {"state": "ready"}, Verdict(None, "")),
    ("RayCluster", {"state": "failed", "reason": "no quota"}, Verdict("failed", "no quota")),
    ("DaskCluster", {"phase": "Running"}, Verdict(None, "")),
    ("DaskCluster", {"phase": "Error"}, Verdict("failed", "the Dask operator could not make the cluster")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "verdict"), STATUSES)
def test_what_a_status_says(kind, status, verdict):
    version = next(known.api_version for known in KINDS if known.kind == kind)
    resource = {"apiVersion": version, "kind": kind, "status": status}
    assert kind_of(resource).read(resource) == verdict
