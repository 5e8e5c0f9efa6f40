"""What a scheduler shares with the tasks that it forks: what a run needs, imported once.

Airflow calls listeners in every process; only the standard library is imported here until a scheduler is found.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

USED_BY_EVERY_RUN = (
    "airflow.dag_processing.bundles.local",
    "airflow.providers.standard.operators.empty",
    "jinja2.debug",
    "jinja2.ext",
    "numpy.random",  # trials draw their params with it
    "polyaxon_airflow.clock",
    "polyaxon_airflow.connections.secrets",
    "polyaxon_airflow.dag.bundle",
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
    "polyaxon_airflow.queues.reading",
    "polyaxon_airflow.runners.kubernetes.access",
    "polyaxon_airflow.runners.process.runner",
    "polyaxon_airflow.store.cache",
    "polyaxon_airflow.store.costs",
    "polyaxon_airflow.store.cursors",
    "polyaxon_airflow.store.database",
    "polyaxon_airflow.store.events",
    "polyaxon_airflow.store.lineage",
    "polyaxon_airflow.store.metrics",
    "polyaxon_airflow.store.migrate",
    "polyaxon_airflow.store.runs",
    "polyaxon_airflow.store.sweeps",
)

USED_ON_CLUSTERS = (  # and take twice as long to import as all of the above
    "airflow.providers.cncf.kubernetes.hooks.kubernetes",
    "kubernetes_asyncio.client",
    "polyaxon_airflow.runners.kubernetes.runner",
    "polyaxon_airflow.triggers.run",
)


KINDS = (
    ("polyaxon_airflow.early_stopping", "EARLY_STOPPING"),
    ("polyaxon_airflow.early_stopping", "POLICY"),
    ("polyaxon_airflow.matrix", "MATRIX"),
    ("polyaxon_airflow.runtimes", "RUNTIME"),
    ("polyaxon_airflow.space", "SPACE"),
)


class WarmingListener:
    """For `AirflowPlugin.listeners`: a job calls `on_starting` before its process forks others."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        if type(component).__name__ == "Job" and "scheduler" in sys.argv[1:2] and _forks():
            warm()


def warm() -> None:
    """Import what runs use, build the models of a polyaxonfile, rehearse a trial; what fails is the task's to tell."""
    for name in (*USED_BY_EVERY_RUN, *(USED_ON_CLUSTERS if _on_cluster() else ())):
        _try(partial(import_module, name))
    for module, name in KINDS:
        _try(partial(_load_kinds, module, name))
    _try(_build_models)
    _try(_rehearse)


def _try(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception:  # a listener must never stop the scheduler
        log.exception("a part of polyaxon_airflow cannot be loaded in advance")


def _load_kinds(module: str, name: str) -> None:
    list(getattr(import_module(module), name))


def _build_models() -> None:
    """A model's validator is built when it is first used: a tenth of a second in every task."""
    from polyaxon_airflow.section import Section

    waiting: list[type[Section]] = [Section]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        model.model_rebuild()


def _rehearse() -> None:
    """Forked tasks have the run store with the statements that it has compiled, and connect anew."""
    from polyaxon_airflow.clock import now
    from polyaxon_airflow.configuration import run_store
    from polyaxon_airflow.execution.rehearsal import rehearse

    with run_store() as store:
        rehearse(store, now)


def _on_cluster() -> bool:
    from airflow.configuration import conf

    return bool(conf.get("polyaxon", "runner", fallback="") == "kubernetes")


def _forks() -> bool:
    """Whether the executor's workers are forked from the scheduler."""
    from airflow.configuration import conf

    return "LocalExecutor" in str(conf.get("core", "executor", fallback=""))
