"""The emulated cluster leaves no process behind, whatever its pods were doing when it ended."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from pathlib import Path

import pytest
from kubernetes import client, config

from tests.kube.cluster import Cluster
from tests.kube.fixtures import needs_namespaces


@pytest.mark.parametrize("seconds", [0, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2])
def test_nothing_of_a_pod_outlives_the_cluster(seconds):
    needs_namespaces()
    marker = f"{time.time_ns()}"
    with Cluster() as cluster:
        core = _core(cluster.kubeconfig)
        for number in range(12):
            core.create_namespaced_pod("default", _endless(f"p{number}", marker))
        time.sleep(seconds)
    gc.collect()  # what was not closed is warned of, and a warning is an error
    assert _commands_with(marker) == []


def _core(kubeconfig):
    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)
    return client.CoreV1Api(client.ApiClient(configuration))


def _endless(name, marker):
    script = f"trap '' TERM; : {marker}; while true; do sleep 0.1; done"
    container = {"name": "main", "image": "python:3.11-slim", "command": ["sh", "-c", script]}
    return {
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]},
    }


def _commands_with(marker):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [path.read_bytes()] if marker.encode() in path.read_bytes() else []
    return found
