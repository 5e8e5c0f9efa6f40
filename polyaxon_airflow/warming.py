"""What processes share with those that they fork: a scheduler's tasks what a run needs, a triggerer's triggers memory.

Airflow calls listeners in every process; only the standard library is imported here until a scheduler is found.
"""

from __future__ import annotations

import gc
import logging
import sys
from importlib import import_module
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

USED_BY_EVERY_RUN = (
    "numpy",  # trials draw their params with it
    "polyaxon_airflow.clock",
    "polyaxon_airflow.dag.load",
    "polyaxon_airflow.execution.ending",
    "polyaxon_airflow.execution.trials",
    "polyaxon_airflow.matrix.draws",
    "polyaxon_airflow.operators.airflow_side",
    "polyaxon_airflow.operators.best",
    "polyaxon_airflow.operators.label",
    "polyaxon_airflow.operators.run",
    "polyaxon_airflow.operators.trial",
    "polyaxon_airflow.operators.waiting",
    "polyaxon_airflow.runners.process.runner",
    "polyaxon_airflow.store.cache",
    "polyaxon_airflow.store.costs",
    "polyaxon_airflow.store.cursors",
    "polyaxon_airflow.store.database",
    "polyaxon_airflow.store.events",
    "polyaxon_airflow.store.lineage",
    "polyaxon_airflow.store.metrics",
    "polyaxon_airflow.store.runs",
    "polyaxon_airflow.store.sweeps",
)

USED_ON_CLUSTERS = (  # and take twice as long to import as all of the above
    "airflow.providers.cncf.kubernetes.hooks.kubernetes",
    "kubernetes_asyncio.client",
    "polyaxon_airflow.runners.kubernetes.runner",
    "polyaxon_airflow.triggers.run",
)


class WarmingListener:
    """For `AirflowPlugin.listeners`: a job calls `on_starting` before its process forks others."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        if type(component).__name__ != "Job":
            return
        if "scheduler" in sys.argv[1:2] and _forks():
            warm()
        elif "triggerer" in sys.argv[1:2]:
            share()


def warm() -> None:
    """Import them; what cannot be imported is the task's to tell."""
    for name in (*USED_BY_EVERY_RUN, *(USED_ON_CLUSTERS if _on_cluster() else ())):
        try:
            import_module(name)
        except Exception:  # a listener must never stop the scheduler
            log.exception("%s cannot be imported", name)


def share() -> None:
    """Leave all that is there out of garbage collections: their marks would give each process pages of its own."""
    gc.collect()
    gc.freeze()


def _on_cluster() -> bool:
    from airflow.configuration import conf

    return bool(conf.get("polyaxon", "runner", fallback="") == "kubernetes")


def _forks() -> bool:
    """Whether the executor's workers are forked from the scheduler."""
    from airflow.configuration import conf

    return "LocalExecutor" in str(conf.get("core", "executor", fallback=""))
