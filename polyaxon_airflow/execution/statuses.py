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
    "skipped": {"upstream_failed", "skipped"},
    "failed": {"stopped", "failed", "upstream_failed"},
}


def polyaxon_status(state: str | None, run: Run | None) -> str:
    """The status of an operation whose task has this Airflow state.

    Airflow decides, since a person may have marked the task; the store tells what Airflow has one state for: an
    operation that could not start is `skipped` in Airflow, and a run that was stopped is `failed`.
    """
    status = FROM_AIRFLOW.get(state or "", "running")
    if run is not None and run.status in FINER.get(state or "", ()):
        return run.status
    return status


def latest_by_task(runs: list[Run]) -> Mapping[str, Run]:
    """Task id -> the run that its newest attempt after the last clear is."""
    ordered = sorted(runs, key=lambda run: run.created_at)
    return {run.task_id: run for run in ordered if run.task_id is not None and run.map_index < 0}
