"""`isApproved: false`: an operation that a person must let run (spec section 3.14)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.decide import held_back_by_upstreams
from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.resolution import compiled_of, resolved
from polyaxon_airflow.execution.task import Ended

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.store import Run


def ask(task: Task, around: Surroundings) -> Ended | None:
    """None if a person has to be asked; else how the approval ended without one.

    The run that waits is in the store, with `pending` approval.
    """
    compiled = compiled_of(task)
    run = _waiting_run(task, around)
    upstreams = Family(task, around).upstreams()
    held_back = held_back_by_upstreams(task.node, compiled, upstreams)
    if held_back is not None:
        around.store.runs.set_status(run.uuid, held_back.status, held_back.reason, at=around.clock())
        return Ended(held_back.status, run.uuid, held_back.reason)
    try:
        is_approved = compiled.is_approved if isinstance(compiled.is_approved, bool) else None
        if is_approved is None:
            is_approved = resolved(task, around, run).is_approved is not False
    except CompilationError as error:
        around.store.runs.set_status(run.uuid, "failed", str(error), at=around.clock())
        return Ended("failed", run.uuid, str(error), retriable=False)
    if is_approved:
        return Ended("succeeded", run.uuid)
    around.store.runs.update(run.uuid, at=around.clock(), pending="approval")
    return None


def answered(task: Task, around: Surroundings, *, is_approved: bool, who: str) -> None:
    """A person has approved or rejected the run."""
    run = _waiting_run(task, around)
    now = around.clock()
    meta = {"approved_at": now.isoformat(), "approved_by": who} if is_approved else {}
    around.store.runs.update(run.uuid, at=now, pending=None, meta=meta)
    if not is_approved:
        around.store.runs.set_status(run.uuid, "stopped", f"rejected by {who}", at=around.clock())


def _waiting_run(task: Task, around: Surroundings) -> Run:
    """The run that the approval stands in front of: of the task after it, or of the group that it is in."""
    asked_for = str(task.node.details["task"])
    node = task.plan.node(asked_for)
    if node.kind != "run":
        return begin_pipeline(task, around, compiled_of(task), node.group, ends_with=asked_for)
    behind = replace(task, node=node, identity=replace(task.identity, task_id=asked_for))
    return Execution(behind, around).begin()
