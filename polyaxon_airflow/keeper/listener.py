"""Starts the queue keeper beside Airflow's scheduler, and ends it with it.

Airflow calls listeners in every process; only the standard library is imported here until a scheduler is found.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)


class KeeperListener:
    """For `AirflowPlugin.listeners`. The scheduler alone calls `on_dag_run_running`, so a keeper that has died is
    started again when the next DAG run starts.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @hookimpl
    def on_starting(self, component: Any) -> None:
        # The job has no type yet, and a task that is forked from the scheduler has the scheduler's arguments.
        if _is_job(component) and "scheduler" in sys.argv[1:2]:
            self._start()

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002 - the hook's signature
        self._start()

    @hookimpl
    def before_stopping(self, component: Any) -> None:
        if _is_job(component) and self._process is not None:
            self._process.terminate()

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        try:
            settings = _settings()
            if settings is not None:
                self._process = _start(settings)
        except Exception:  # a listener must never stop the scheduler
            log.exception(
                "the queue keeper did not start; queues keep the order in which their tasks were created"
            )


def _is_job(component: Any) -> bool:
    return type(component).__name__ == "Job"


def _settings() -> dict[str, Any] | None:
    """What the keeper must know, or None if there is nothing to keep."""
    from airflow.configuration import conf

    dags = conf.get("core", "dags_folder")
    file = os.path.join(dags, conf.get("polyaxon", "queues_file", fallback="") or "queues.yaml")  # noqa: PTH118
    on_cluster = conf.get("polyaxon", "runner", fallback="") == "kubernetes"
    interval = conf.getfloat("polyaxon", "queue_interval", fallback=1.0)
    orphans_interval = conf.getfloat("polyaxon", "orphans_interval", fallback=15.0)
    ttl_interval = conf.getfloat("polyaxon", "ttl_interval", fallback=120.0)
    if not (on_cluster or os.path.exists(file)):  # noqa: PTH110 - pathlib would be an import for everybody
        return None
    if max(interval, orphans_interval, ttl_interval) <= 0:
        return None
    return {
        "parent": os.getpid(),
        "url": conf.get("database", "sql_alchemy_conn"),
        "queues_file": file,
        "interval": interval,
        "store_url": _store_url(),
        "orphans_interval": orphans_interval,
        "ttl_interval": ttl_interval,
        "on_cluster": on_cluster,
    }


def _store_url() -> str:
    """The run store, "" if the scheduler cannot reach it: then nobody sees to runs on clusters."""
    from polyaxon_airflow.configuration import store_url
    from polyaxon_airflow.errors import StoreError

    try:
        return store_url()
    except StoreError as error:
        log.warning("the queue keeper does without the run store: %s", error)
        return ""


def _start(settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "polyaxon_airflow.keeper"], stdin=subprocess.PIPE)
    if process.stdin is not None:
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.close()
    return process
