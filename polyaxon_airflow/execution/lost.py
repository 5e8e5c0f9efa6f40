"""Runs that their tasks have not ended: the workers died, as often as Airflow tries a task again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import RunnerError
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from polyaxon_airflow.execution.task import Surroundings
    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.store.records import TaskKey

LOST = "its worker was lost, and Airflow tries the task no more"
PATIENCE = 10.0  # seconds that a task which a person has marked has for the end of its run
LOOK_EVERY = 0.5  # seconds
GRACE = 10.0  # seconds that a run has which nobody follows


def end_lost_trials(sweep: str, around: Surroundings) -> None:
    """Those of a sweep of which all tasks have ended in Airflow: they are failures, whatever they seemed to do last."""
    for _ in range(int(PATIENCE / LOOK_EVERY)):
        if not (uuids := _open_trials(sweep, around)):
            return
        around.sleep(LOOK_EVERY)
    for uuid in uuids:
        run = around.store.runs.get(uuid)
        if run is not None and run.handle is not None:
            try:
                around.runner.stop(dict(run.handle), grace=GRACE)
            except RunnerError as error:
                around.log(f"run {uuid} could not be ended: {error}")
        around.store.runs.set_status(uuid, "failed", LOST, at=around.clock())


def end_lost_processes(
    store: RunStore,
    dag_id: str,
    dag_run_id: str,
    given_up: Callable[[Collection[TaskKey]], Collection[TaskKey]],
    *,
    at: datetime,
) -> None:
    """Those of a DAG run that were local processes, which have ended with their tasks; the keeper sees to pods.

    `given_up`: which of some tasks have failed in the last attempt that Airflow makes.
    """
    tasks = store.runs.executed_by("process", dag_run=(dag_id, dag_run_id))
    failed = given_up(tasks.values()) if tasks else ()
    for uuid, task in tasks.items():
        if task in failed:
            store.runs.set_status(uuid, "failed", LOST, at=at)


def _open_trials(sweep: str, around: Surroundings) -> list[str]:
    return [trial.uuid for trial in around.store.runs.trial_statuses(sweep) if trial.status not in DONE]
