"""How the operations before this one ended, in Polyaxon's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.store import Run

FROM_AIRFLOW = {
    "success": "succeeded",
    "failed": "failed",
    "upstream_failed": "upstream_failed",
    "skipped": "skipped",
    "removed": "skipped",
}
FINER = {  # what the store may know better than a state of Airflow's
    "skipped": {"upstream_failed", "skipped", "stopped"},  # a person who rejects an operation stops it
    "failed": {"stopped", "failed", "upstream_failed"},
    "success": {"stopped", "succeeded"},
}
WORKER_DIED = (
    "the worker of this task has died"  # of an attempt of which Airflow will not hear from its own task
)
MARKED = "the task was cleared or marked in Airflow"  # the reason of a run that a person's word has stopped


def polyaxon_status(state: str | None, run: Run | None) -> str:
    """The status of an operation whose task has this Airflow state.

    Airflow decides, since a person may have marked the task; the store tells what Airflow has one state for: an
    operation that could not start is `skipped` in Airflow, and a run that was stopped by a policy is `success`.
    """
    status = FROM_AIRFLOW.get(state or "", "running")
    if run is None or run.status not in FINER.get(state or "", ()):
        return status
    return status if state == "success" and run.reason == MARKED else run.status


def latest_by_task(runs: list[Run], index: int = -1) -> Mapping[str, Run]:
    """Task id -> the run that its newest attempt after the last clear is. `index`: of mapped tasks, which instance."""
    ordered = sorted(runs, key=lambda run: run.created_at)
    return {run.task_id: run for run in ordered if run.task_id is not None and run.map_index in (-1, index)}
