"""What a triggerer does for a run on a cluster, in a process of its own: it keeps clients and a store for good."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from polyaxon_airflow.embedded import free_port
from tests.kube.network import ServiceNetwork

ROOT = Path(__file__).parents[2]


def told_by(module, *arguments, home, kubeconfig, **variables):
    """What such a process prints in the end."""
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": kubeconfig}}
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_EMULATED": json.dumps(connection),
        "AIRFLOW__POLYAXON__STORE_URL": f"sqlite:///{home}/store.db",
        "AIRFLOW__POLYAXON__GRACE": "1",
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    command = [sys.executable, "-m", f"tests.triggers.{module}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_service_serves_once_its_pod_is_ready_and_an_end_that_is_known_leaves_no_pod(tmp_path, namespace):
    told = told_by("following", namespace.name, home=tmp_path, kubeconfig=namespace.kubeconfig)
    assert told.pop("seconds until it is ready") >= 1  # which its init container takes
    assert told == {
        "events": ["TaskSuccessEvent"],
        "statuses": ["starting", "running", "stopped"],
        "reason": "all that it was there for has ended",
        "kept for ten minutes": [[], ["a" * 32]],
        "of a run that has ended": [["TaskSuccessEvent"], False],
    }


def test_a_service_that_nobody_uses_any_more_is_stopped(tmp_path, namespace):
    port = free_port()
    with ServiceNetwork(namespace.kubeconfig) as network:
        told = told_by(
            "culling",
            namespace.name,
            str(port),
            home=tmp_path,
            kubeconfig=namespace.kubeconfig,
            **network.variables,
        )
    url, reason = told.pop("url"), told.pop("reason")
    assert re.fullmatch(r"nobody has used it for 3[56]\d\d s, and termination.culling allows 4", reason)
    assert set(network.asked) == {f"{url}/used"}
    assert url.endswith(f".{namespace.name}.svc:{port}")
    assert told == {
        "events": ["TaskSuccessEvent"],
        "statuses": ["starting", "running", "stopped"],
        "its pod is there": False,
    }
    assert len(network.asked) >= 3
