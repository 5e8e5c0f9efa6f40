"""Tells the run store that Airflow has ended a DAG run (see `execution.closing`).

Airflow calls listeners in every process; only the standard library is imported here until a DAG run of ours ends.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyaxon_airflow.execution.closing import State
    from polyaxon_airflow.store.records import TaskKey

log = logging.getLogger(__name__)


class ClosingListener:
    """For `AirflowPlugin.listeners`: the scheduler calls it, and the API server when a person marks a DAG run."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002 - the hook's signature
        _close(dag_run, "success")

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002
        _close(dag_run, "failed")


def _close(dag_run: Any, state: State) -> None:
    try:
        if _may_have_left_runs(dag_run, state) and _has_store():
            from polyaxon_airflow.clock import now
            from polyaxon_airflow.configuration import run_store
            from polyaxon_airflow.execution.closing import close
            from polyaxon_airflow.execution.lost import end_lost_processes

            with run_store() as store:
                end_lost_processes(store, dag_run.dag_id, dag_run.run_id, _given_up, at=now())
                close(store, dag_run.dag_id, dag_run.run_id, state, at=now())
    except Exception:  # a listener must never stop the scheduler
        log.exception("the runs of %s %s were not ended in the run store", dag_run.dag_id, dag_run.run_id)


def _given_up(tasks: Collection[TaskKey]) -> set[TaskKey]:
    """Those that Airflow had given up before it ended the DAG run: what a person marks now is not there yet."""
    from airflow.configuration import conf

    from polyaxon_airflow.keeper.database import AirflowDatabase

    with contextlib.closing(AirflowDatabase(conf.get("database", "sql_alchemy_conn"))) as database:
        return database.given_up(tasks)


def _may_have_left_runs(dag_run: Any, state: State) -> bool:
    """Whether it is one of ours with more than one task, or that has failed; also where Airflow has not loaded its DAG."""
    dag = getattr(dag_run, "dag", None)
    modules = {str(getattr(task, "_task_module", "")) for task in dag.tasks} if dag is not None else set()
    ours = any(module.startswith("polyaxon_airflow.") for module in modules)
    return dag is None or (ours and (state == "failed" or len(dag.tasks) > 1))


def _has_store() -> bool:
    """Whether there is a run store; without one no run of ours has begun, and nobody makes it here."""
    from polyaxon_airflow.configuration import store_url
    from polyaxon_airflow.store import is_single_machine

    url = store_url()
    return not is_single_machine(url) or Path(url.partition("///")[2]).exists()
