"""Dags and sweeps as runs of their own: their rows in the store begin with their first task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.execution.identity import pipeline_uuid
from polyaxon_airflow.store import Run

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings, Task


def begin_pipeline(
    task: Task, around: Surroundings, compiled: CompiledOperation, group: str, *, ends_with: str | None = None
) -> Run:
    """The run that the dag or sweep of a task group is; made if its first task has just begun.

    `ends_with`: id of the task that ends it, by which others find it.
    """
    where, matrix = task.identity, compiled.matrix
    parent, _, _ = group.rpartition(".")
    run = Run(
        uuid=pipeline_uuid(where.dag_id, where.dag_run_id, group),
        name=compiled.name or group or where.dag_id,
        created_at=around.clock(),
        description=compiled.description,
        owner=around.owner,
        project=around.project,
        user=task.user,
        dag_id=where.dag_id,
        dag_run_id=where.dag_run_id,
        task_id=ends_with,
        kind="dag" if matrix is None else "matrix",
        runtime="dag" if matrix is None else matrix.kind,
        pipeline=pipeline_uuid(where.dag_id, where.dag_run_id, parent)
        if group and "" in task.plan.operations
        else None,
        controller=pipeline_uuid(where.dag_id, where.dag_run_id, "") if group else None,
        inputs={io.name: io.value for io in compiled.inputs or ()},
        tags=tuple(compiled.tags or ()),
        queue=compiled.queue,
        schedule_at=task.schedule_at,
    )
    begun = around.store.runs.begin(run)
    if begun.status == "created":
        around.store.runs.set_status(run.uuid, "running", at=around.clock())
    return begun
