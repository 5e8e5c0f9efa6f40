"""Artifacts and secrets of pods, on the emulated cluster: real containers, a real S3 server."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from polyaxon_airflow.artifacts.runs import RunFiles
from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.connections.kinds import Account
from polyaxon_airflow.connections.secrets import Secrets
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from polyaxon_airflow.runners.process.runner import ProcessRunner
from polyaxon_airflow.runtimes.launch import Site
from tests.artifacts.s3 import s3_server
from tests.contracts.runner import Followed
from tests.init.steps import ROOT
from tests.kube.fixtures import REAL, connector
from tests.runtimes.runs import manifest

pytestmark = pytest.mark.skipif(REAL, reason="pods of a real cluster do not see this machine's S3 server")

AWAY = {"endpoint_url": "http://127.0.0.1:9", "region_name": "us-east-1"}
CATALOGUE = "artifactsStore: store\nconnections: [{name: store, kind: s3, connId: aws, schema: {bucket: 's3://runs/all'}}]"
JOB = """
kind: job
init: %s
container: {image: busybox, command: [/bin/sh, -c], args: ['%s'], workingDir: /plx-context/artifacts}
"""


@pytest.fixture(scope="module")
def s3():
    with s3_server("runs") as variables:
        yield variables


@pytest.fixture
def secrets(s3):
    account = Account(
        "AKIATEST", "s3cret", extra={"endpoint_url": s3["AWS_ENDPOINT_URL"], "region_name": "us-east-1"}
    )
    return Secrets(read_catalogue(CATALOGUE), {"aws": account}.get, lambda _: None)


@pytest.fixture
def runner(namespace, secrets):
    return KubernetesRunner(connector(namespace.kubeconfig), namespace.name, grace=2.0, secrets=secrets)


def made(secrets, init, script, uuid, **launch):
    python = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ROOT,
        "AWS_MAX_ATTEMPTS": "1",  # a server that is away should not take a minute
    }
    catalogue = secrets.catalogue
    return manifest(
        JOB % (init, script),
        uuid=uuid,
        connections=catalogue.connections,
        artifacts_store=catalogue.artifacts_store,
        site=Site(helper_image="helper", variables=python),
        **launch,
    )


def write(uuid, name, text):
    return f"mkdir -p {uuid}/outputs; echo {text} > {uuid}/outputs/{name}"


def test_what_a_pod_made_is_in_the_store_when_its_run_has_ended(runner, secrets, s3):
    uuid = uuid4().hex
    followed = Followed(runner, made(secrets, "[]", write(uuid, "model", "weights"), uuid), uuid=uuid)
    assert followed.outcome[:2] == ("succeeded", 0), followed.lines
    storage = open_storage("s3://runs/all", s3)
    assert storage.read(f"{uuid}/outputs/model") == b"weights\n"
    assert RunFiles(storage, uuid).is_whole()


def test_a_run_that_fails_keeps_its_artifacts_too(runner, secrets, s3):
    uuid = uuid4().hex
    script = write(uuid, "log", "why") + "; exit 7"
    followed = Followed(runner, made(secrets, "[]", script, uuid), uuid=uuid)
    assert followed.outcome[:2] == ("failed", 7)
    assert open_storage("s3://runs/all", s3).read(f"{uuid}/outputs/log") == b"why\n"


def test_a_success_whose_artifacts_cannot_be_kept_is_a_failure_that_says_why(namespace, secrets):
    away = replace(secrets, account={"aws": Account("AKIATEST", "s3cret", extra=AWAY)}.get)
    runner = KubernetesRunner(connector(namespace.kubeconfig), namespace.name, grace=2.0, secrets=away)
    uuid = uuid4().hex
    followed = Followed(runner, made(away, "[]", write(uuid, "model", "weights"), uuid), uuid=uuid)
    assert followed.outcome[:2] == ("failed", 0)
    assert followed.outcome.reason.startswith(
        "its artifacts could not be kept: container 'polyaxon-artifacts' exited with code 1: "
        "artifacts: s3://runs/all does not answer"
    )
    assert "s3cret" not in followed.outcome.reason


def test_a_helper_image_without_this_package_ends_the_run(runner, secrets):
    uuid = uuid4().hex
    manifested = made(secrets, "[]", "echo main", uuid)
    for container in manifested["pod"]["spec"]["initContainers"]:
        container["command"] = [*container["command"][:2], "no_such_package"]
    followed = Followed(runner, manifested, uuid=uuid)
    assert followed.outcome.status == "failed"
    assert "its sidecar 'polyaxon-" in followed.outcome.reason
    assert "No module named no_such_package" in followed.outcome.reason
    assert followed.text() == []


def test_artifacts_go_from_a_pod_to_a_local_run_and_back(runner, secrets, s3, tmp_path):
    first, second, third = (uuid4().hex for _ in range(3))
    pod = Followed(runner, made(secrets, "[]", write(first, "model", "1"), first), uuid=first)
    assert pod.outcome.status == "succeeded", pod.lines

    settings = Settings(str(tmp_path / "staging"), str(tmp_path / "context"), {}, 2.0)
    init = "[{artifacts: {files: [%s/outputs/model]}}]"
    script = f"mkdir -p {second}/outputs; cat {first}/outputs/model > {second}/outputs/model; echo 2 >> {second}/outputs/model"
    local = manifest(
        JOB % (init % first, script), uuid=second, connections=secrets.catalogue.connections,
        artifacts_store=secrets.catalogue.artifacts_store,
    )  # fmt: skip
    run = Followed(ProcessRunner(settings, secrets=secrets), local, uuid=second)
    assert run.outcome.status == "succeeded", run.lines
    RunFiles(open_storage("s3://runs/all", s3), second).collect(tmp_path / "staging" / second)

    last = Followed(runner, made(secrets, init % second, f"cat {second}/outputs/model", third), uuid=third)
    assert last.text() == ["1", "2"], last.lines


def test_a_further_attempt_goes_on_where_the_one_before_ended(runner, secrets):
    uuid = uuid4().hex
    script = (
        f"mkdir -p {uuid}/outputs; echo step >> {uuid}/outputs/checkpoint; wc -l < {uuid}/outputs/checkpoint"
    )
    for attempt in (1, 2):
        manifested = made(secrets, "[]", script, uuid, attempt=attempt)
        followed = Followed(runner, manifested, uuid=uuid)
        place = {"apiVersion": "v1", "kind": "Pod", "namespace": runner.namespace, "uid": None}
        runner.clean({**place, "name": f"plx-operation-{uuid}", "uuid": uuid})
        assert followed.text() == [str(attempt)], followed.lines


def test_secrets_are_the_pods_property_and_no_part_of_it(runner, secrets, core, namespace):
    uuid = uuid4().hex
    Followed(runner, made(secrets, "[]", "echo up", uuid), uuid=uuid)
    (secret,) = core.list_namespaced_secret(namespace.name).items
    pod = core.read_namespaced_pod(f"plx-operation-{uuid}", namespace.name)
    assert (secret.metadata.name, secret.metadata.owner_references[0].uid) == (
        f"plx-operation-{uuid}-store",
        pod.metadata.uid,
    )
    assert "s3cret" not in json.dumps(core.api_client.sanitize_for_serialization(pod))
