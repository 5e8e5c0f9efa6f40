"""Fixtures for tests that need a cluster: the emulated one or, with `POLYAXON_TEST_CLUSTER=real`, that of KUBECONFIG."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kube.cluster import Cluster

REAL = os.environ.get("POLYAXON_TEST_CLUSTER") == "real"
IMAGE = os.environ.get("POLYAXON_TEST_IMAGE", "python:3.11-slim")


def namespaces_work():
    """Whether this machine lets us make the namespaces that the emulated kubelet puts containers in."""
    command = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        *(["--user", "--map-root-user"] if os.geteuid() else []),
        "true",
    ]
    return (
        shutil.which("unshare") and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def needs_namespaces():
    """Skip a test where they do not."""
    if not namespaces_work():
        pytest.skip("the emulated cluster needs Linux namespaces (root, or unprivileged user namespaces)")


@dataclass(frozen=True)
class Namespace:
    """A namespace of its own for one test."""

    name: str
    kubeconfig: str


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory):
    """Path of a kubeconfig of the cluster that the tests share."""
    if REAL:
        yield os.environ["KUBECONFIG"]
    else:
        needs_namespaces()
        with Cluster() as cluster:
            yield cluster.kubeconfig


@pytest.fixture
def cluster():
    """An emulated cluster for one test, which may break it."""
    needs_namespaces()
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def core(kubeconfig):
    """The official client's core API."""
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)
    return client.CoreV1Api(client.ApiClient(configuration))


@pytest.fixture
def namespace(core, kubeconfig):
    """A fresh namespace, removed with all that is in it."""
    with fresh_namespace(core) as name:
        yield Namespace(name, kubeconfig)


@contextmanager
def fresh_namespace(core):
    from kubernetes.client import ApiException

    name = f"t-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})
    try:
        yield name
    finally:
        for pod in core.list_namespaced_pod(name).items:
            with suppress(ApiException):
                core.delete_namespaced_pod(pod.metadata.name, name, grace_period_seconds=0)
        core.delete_namespace(name)


def write_connection(monkeypatch, kubeconfig, name="kubernetes_default", **extra):
    """Give Airflow a connection to the cluster of a kubeconfig."""
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(Path(kubeconfig)), **extra}}
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


def connector(kubeconfig):
    """How a runner reaches the cluster of a kubeconfig, through the hook of Airflow's provider."""
    from airflow.providers.cncf.kubernetes.hooks.kubernetes import AsyncKubernetesHook

    extras = {"kube_config_path": str(kubeconfig)}
    return lambda: AsyncKubernetesHook(
        conn_id=None, kubernetes_conn_id=None, connection_extras=extras
    ).get_conn()
