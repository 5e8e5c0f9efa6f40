"""The end of a DAG run in Airflow ends what none of its tasks has ended.

Those are dags that end as Airflow says, which need no task for it, and whatever a person's mark or a time-out of the
DAG run has cut short: sweeps, and runs that waited for a person, for room or for another try. A task that runs
then ends its run itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.plan.triggers import outcome
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.store.records import PIPELINES

if TYPE_CHECKING:
    from datetime import datetime

    from polyaxon_airflow.execution.task import Status
    from polyaxon_airflow.store import Run, RunStore

State = Literal["success", "failed"]


def close(store: RunStore, dag_id: str, dag_run_id: str, state: State, *, at: datetime) -> None:
    """End them, the innermost first. `state`: of the DAG run, which its outermost dag or sweep follows."""
    for uuid in store.runs.left_open(dag_id, dag_run_id):
        status, reason = _end(store, uuid, state)
        store.runs.update(uuid, at=at, pending=None)
        store.runs.set_status(uuid, status, reason or None, at=at)


def _end(store: RunStore, uuid: str, state: State) -> tuple[Status, str]:
    run, newest = store.runs.get(uuid), _newest(store.runs.children(uuid))
    assert run is not None  # noqa: S101 - the store has just named it
    cut = f"its DAG run was ended in Airflow: {state}"
    whole = run.kind == "dag" and bool(newest) and all(child.status in DONE for child in newest)
    status, reason = outcome({child.name: child.status for child in newest}) if whole else ("stopped", cut)
    if run.pipeline is not None or run.kind not in PIPELINES or (status == "failed") == (state == "failed"):
        return status, reason
    return ("failed", cut) if state == "failed" else ("succeeded", cut if status == "failed" else reason)


def _newest(runs: list[Run]) -> list[Run]:
    """Of each task instance, the run since it was last cleared."""
    return list({(run.task_id, run.map_index): run for run in runs}.values())
