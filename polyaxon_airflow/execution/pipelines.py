"""Dags and sweeps as runs of their own: their rows in the store begin with the first task inside of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.cloning import clone_of, trigger_values
from polyaxon_airflow.execution.edges import edges_to
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.references import referenced_values
from polyaxon_airflow.store import Run
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyaxon_airflow.execution.task import Surroundings, Task

HELD_BACK = frozenset({"skipped", "upstream_failed"})  # what was never to start
ENDS = ("best", "outcome")  # kinds of tasks that end a pipeline, which they open again when they were cleared


def begin_dags(task: Task, around: Surroundings) -> None:
    """The dags that a task is in, the outermost first; one that had ended goes on if the task was cleared.

    The trials of a sweep over a dag are not among them: their first task begins those. Raises CompilationError.
    """
    for group, path in _dags(task):
        known = around.store.runs.get(Family(task, around).pipeline(group))
        if known is None:
            node = replace(task.node, operation=path, group=group)
            compiled = CompiledOperation.from_dict(dict(task.plan.operations[path]))
            begin_pipeline(replace(task, node=node), around, compiled, group, ends_with=_outcome(task, group))
        elif task.identity.generation and known.status in DONE - HELD_BACK:
            around.store.runs.set_status(known.uuid, "running", at=around.clock(), force=True)


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
    known = around.store.runs.get(family.pipeline(group))
    if known is not None and not _opens_again(known, task) and known.status != "created":
        return known
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
    if _opens_again(begun, task):
        around.store.runs.set_status(run.uuid, "running", at=around.clock(), force=True)
        return replace(begun, status="running")
    if begun.status == "created":
        around.store.runs.set_status(run.uuid, "running", at=around.clock())
        if trial_index is None:
            around.store.lineage.link(edges_to(run.uuid, compiled, family))
    return begun


def _opens_again(run: Run, task: Task) -> bool:
    """Whether the task that ends a pipeline was cleared, so that it has to end it once more."""
    return run.status in DONE - HELD_BACK and task.identity.generation > 0 and task.node.kind in ENDS


def _dags(task: Task) -> Iterator[tuple[str, str]]:
    """Task group and path of each dag that a task is in, the outermost first, but for trials."""
    groups = [("", ""), *((group.id, group.operation) for group in task.plan.groups if not group.is_mapped)]
    for group, path in groups:
        operation: Mapping[str, Any] = task.plan.operations.get(path, {})
        is_dag = operation.get("run", {}).get("kind") == "dag" and operation.get("matrix") is None
        if is_dag and (not group or task.node.group == group or task.node.group.startswith(f"{group}.")):
            yield group, path


def _outcome(task: Task, group: str) -> str | None:
    """Id of the task that ends a dag; None for one that ends as Airflow ends it (see `closing`)."""
    nodes = (node for node in task.plan.nodes if node.kind == "outcome" and node.group == group)
    return next((node.id for node in nodes), None)


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
    references = {name: param for name, param in (compiled.params or {}).items() if param.ref}
    with suppress(CompilationError):  # each of its operations tells of it
        values |= referenced_values(references, Family(task, around).find)
    given = trigger_values(compiled, task, around.store) if is_whole else {}
    return {**values, **{name: value for name, value in given.items() if name in values}}
