"""The keeper as the process that the scheduler starts, for an Airflow without one."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.keeper.rows import rows_in

ROOT = Path(__file__).parents[2]


def environment(folder, kubeconfig, template, trials=()):
    """Of an Airflow whose runs go to the cluster of a kubeconfig, which a connection in its database names.

    `template`: an empty database; `trials`: the states of instances of a task `trial`.
    """
    shutil.copy(template, folder / "airflow.db")
    url = f"sqlite:///{folder}/airflow.db"
    with rows_in(url) as rows:
        extra = json.dumps({"kube_config_path": str(kubeconfig)})
        flags = {"is_encrypted": False, "is_extra_encrypted": False}
        rows.insert("connection", conn_id="lab", conn_type="kubernetes", extra=extra, **flags)
        for index, state in enumerate(trials):
            rows.task("trial", index, state)
    return {
        **os.environ,
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__POLYAXON__STORE_URL": f"sqlite:///{folder}/store.db",
        "AIRFLOW__POLYAXON__RUNNER": "kubernetes",
        "AIRFLOW__POLYAXON__KUBERNETES_CONN_ID": "lab",
        "AIRFLOW__POLYAXON__GRACE": "0",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def keeper(environment, **settings):
    """Its process, until the end of the block."""
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


def wait_for(condition, patience=180):
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, f"waited {patience} s in vain"
        time.sleep(0.05)
