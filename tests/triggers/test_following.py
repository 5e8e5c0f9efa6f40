"""What a triggerer does for a run on a cluster, in a process of its own: it keeps clients and a store for good."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_service_serves_once_its_pod_is_ready_and_an_end_that_is_known_leaves_no_pod(tmp_path, namespace):
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": namespace.kubeconfig}}
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_EMULATED": json.dumps(connection),
        "AIRFLOW__POLYAXON__STORE_URL": f"sqlite:///{tmp_path}/store.db",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.triggers.following", namespace.name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told.pop("seconds until it is ready") >= 1  # which its init container takes
    assert told == {
        "events": ["TaskSuccessEvent"],
        "statuses": ["starting", "running", "stopped"],
        "reason": "all that it was there for has ended",
        "kept for ten minutes": [[], ["a" * 32]],
        "of a run that has ended": [["TaskSuccessEvent"], False],
    }
