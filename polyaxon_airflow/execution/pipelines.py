"""Dags and sweeps as runs of their own: their rows in the store begin with their first task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.execution.cloning import clone_of, trigger_values
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.store import Run
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings, Task

ENDS = ("best", "outcome")  # kinds of tasks that end a pipeline, which they open again when they were cleared


def begin_pipeline(
    task: Task,
    around: Surroundings,
    compiled: CompiledOperation,
    group: str,
    *,
    ends_with: str | None = None,
    trial_index: int | None = None,
) -> Run:
    """The run that the dag or sweep of a task group is; made if its first task has just begun.

    `ends_with`: id of the task that ends it, by which others find it. `trial_index`: of a dag that is a trial.
    """
    where, family = task.identity, Family(task, around)
    mapped = task.plan.mapped_group(group)
    matrix = compiled.matrix if mapped is None else None
    is_whole = not task.node.operation.partition("/")[0]
    clone = clone_of(task, around.store) if is_whole and mapped is None else None
    run = Run(
        uuid=family.pipeline(group),
        name=compiled.name or group or where.dag_id,
        created_at=around.clock(),
        description=compiled.description,
        owner=around.owner,
        project=around.project,
        user=task.user,
        dag_id=where.dag_id,
        dag_run_id=where.dag_run_id,
        task_id=ends_with,
        map_index=where.map_index if mapped is not None else -1,
        kind="dag" if matrix is None else "matrix",
        runtime="dag" if matrix is None else matrix.kind,
        pipeline=_parent(task, family, group),
        controller=family.pipeline("") if _has_root(task) and group else None,
        trial_index=trial_index,
        inputs=_inputs(compiled, task, around, is_whole=is_whole),
        original=clone.original.uuid if clone is not None else None,
        cloning_kind=clone.kind if clone is not None else None,
        tags=tuple(compiled.tags or ()),
        queue=compiled.queue,
        schedule_at=task.schedule_at,
    )
    begun = around.store.runs.begin(run)
    if begun.status in DONE - {"skipped", "upstream_failed"} and where.generation and task.node.kind in ENDS:
        return around.store.runs.set_status(run.uuid, "running", at=around.clock(), force=True)
    if begun.status == "created":
        around.store.runs.set_status(run.uuid, "running", at=around.clock())
    return begun


def _parent(task: Task, family: Family, group: str) -> str | None:
    """The uuid of the dag or sweep that a pipeline is in; None if it is all of the file."""
    outer = group.rpartition(".")[0]
    return family.pipeline(outer) if outer or (group and _has_root(task)) else None


def _has_root(task: Task) -> bool:
    """Whether the file is a dag, of which everything else is a part."""
    root: Mapping[str, Any] = task.plan.operations.get("", {})
    return bool(root) and root.get("matrix") is None


def _inputs(
    compiled: CompiledOperation, task: Task, around: Surroundings, *, is_whole: bool
) -> dict[str, Any]:
    """The values of a pipeline's inputs, as far as they are known when it begins."""
    values = {io.name: io.value for io in compiled.inputs or ()}
    given = trigger_values(compiled, task, around.store) if is_whole else {}
    return {**values, **{name: value for name, value in given.items() if name in values}}
