"""`concurrency` of dags and of sweeps that learn: Airflow limits a DAG and a task, and knows nothing of task groups, nor of
trials that wait for another attempt.

A task that would be one too many ends its attempt before it starts anything, frees its worker and its pool slots, and
is tried again after a while (Airflow's reschedule). The outermost dag has its limit as `max_active_tasks` too, so that
few tasks start in vain; that alone would let through what waits for Kubernetes without a worker.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.execution.identity import pipeline_uuid
from polyaxon_airflow.execution.statuses import FROM_AIRFLOW
from polyaxon_airflow.tuning.sweep import NoRoom

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.store import RunStore

PATIENCE = 5.0  # seconds until the first one that waits looks again; those behind it wait as much longer
LONGEST = 60.0


class FullError(Exception):
    """A dag or sweep around this run has as many runs as it may have at once; `seconds`: when to look again."""

    def __init__(self, group: str, limit: int, before: int) -> None:
        super().__init__(
            f"{group or 'the dag'} runs no more than {limit} at once; number {before} of those that wait"
        )
        self.seconds = min(LONGEST, PATIENCE * before)


class Limit(NamedTuple):
    """A dag, by its task group, and how many runs of it there may be at once."""

    group: str
    at_once: int


def pass_limits(task: Task, around: Surroundings, uuid: str) -> None:
    """Move the run to `starting`, if all dags around it have room. Raises FullError."""
    for limit in limits_of(task) if task.node.is_in_dag else ():
        pipelines = _pipelines(task, limit.group, around.store)
        before = around.store.runs.admit(uuid, pipelines, limit.at_once, at=around.clock())
        if before:
            raise FullError(limit.group, limit.at_once, before)


@contextmanager
def in_turn(task: Task) -> Iterator[None]:
    """Raises FullError for a trial that has to learn from others first."""
    try:
        yield
    except NoRoom as full:
        raise FullError(task.node.group, full.limit, full.before) from full


def given_up(around: Surroundings, first: int, ends_with: str, indexes: Collection[int]) -> list[int]:
    """Trials that nobody will end: their tasks have ended in Airflow, or are those of the DAG run that this one resumes.

    `first`: index of the first trial of this DAG run. `ends_with`: id of the task that ends a trial.
    """
    states = around.statuses([ends_with])
    return [
        index
        for index in indexes
        if states.get(f"{ends_with}_{index - first}") in FROM_AIRFLOW or index < first
    ]


def limits_of(task: Task) -> Iterator[Limit]:
    """The limits of the dags around a task, the innermost first; of a sweep over a dag, that of its runs in all."""
    groups = [("", ""), *((group.id, group.operation) for group in task.plan.groups)]
    around = [(group, path) for group, path in groups if _is_inside(task.node.group, group)]
    for group, path in sorted(around, key=lambda found: -len(found[0])):
        operation = task.plan.operations[path]
        matrix, mapped = operation.get("matrix"), task.plan.mapped_group(group)
        if operation.get("run", {}).get("kind") != "dag" or (matrix is not None and not group):
            continue
        limited = matrix if matrix is not None and mapped is None else operation["run"]
        if isinstance(limited.get("concurrency"), int):
            yield Limit(group, limited["concurrency"])


def _pipelines(task: Task, outer: str, store: RunStore) -> list[str]:
    """The dag or sweep of a task group, and those inside of it; of a mapped one, all instances that may have begun."""
    where = task.identity
    groups = [group for group in ("", *(group.id for group in task.plan.groups)) if _is_inside(group, outer)]
    return [
        pipeline_uuid(where.dag_id, where.dag_run_id, group, index)
        for group in groups
        for index in _instances(task, group, outer, store)
    ]


def _instances(task: Task, group: str, outer: str, store: RunStore) -> Iterable[int]:
    mapped = task.plan.mapped_group(group)
    if mapped is None:
        return (-1,)
    if task.plan.mapped_group(outer) is not None:  # inside of one trial
        return (task.identity.map_index,)
    if mapped.mapped is not None:
        return range(mapped.mapped)
    sweep = pipeline_uuid(task.identity.dag_id, task.identity.dag_run_id, mapped.id.rpartition(".")[0])
    return [run.map_index for run in store.runs.children(sweep) if run.map_index >= 0]


def _is_inside(group: str, outer: str) -> bool:
    return not outer or group == outer or group.startswith(f"{outer}.")
