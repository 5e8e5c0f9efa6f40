"""`concurrency` of dags inside of dags: Airflow limits a DAG and a task, and knows nothing of task groups.

A task that would be one too many ends its attempt before it starts anything, frees its worker and its pool slots, and
is tried again after a while (Airflow's reschedule). The outermost dag's limit is `max_active_tasks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.execution.identity import pipeline_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.execution.task import Surroundings, Task

PATIENCE = 5.0  # seconds until the first one that waits looks again; those behind it wait as much longer
LONGEST = 60.0


class FullError(Exception):
    """A dag around this run has as many runs as it may have at once; `seconds`: when to look again."""

    def __init__(self, group: str, limit: int, before: int) -> None:
        super().__init__(f"{group} runs no more than {limit} at once; number {before} of those that wait")
        self.seconds = min(LONGEST, PATIENCE * before)


class Limit(NamedTuple):
    """A nested dag, and how many runs of it there may be at once."""

    group: str
    at_once: int


def pass_limits(task: Task, around: Surroundings, uuid: str) -> None:
    """Move the run to `starting`, if all dags around it have room. Raises FullError."""
    where = task.identity
    for limit in limits_of(task) if task.node.is_in_dag else ():
        inside = {group.id for group in task.plan.groups if _is_inside(group.id, limit.group)}
        pipelines = [pipeline_uuid(where.dag_id, where.dag_run_id, group) for group in inside]
        before = around.store.runs.admit(uuid, pipelines, limit.at_once, at=around.clock())
        if before:
            raise FullError(limit.group, limit.at_once, before)


def limits_of(task: Task) -> Iterator[Limit]:
    """The limits of the dags around a task, the innermost first, without the outermost dag."""
    around = [group for group in task.plan.groups if _is_inside(task.node.group, group.id)]
    for group in sorted(around, key=lambda group: -len(group.id)):
        run = task.plan.operations[group.operation].get("run", {})
        count = run.get("concurrency")
        if run.get("kind") == "dag" and isinstance(count, int):
            yield Limit(group.id, count)


def _is_inside(group: str, outer: str) -> bool:
    return group == outer or group.startswith(f"{outer}.")
