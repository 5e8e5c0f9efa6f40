"""Whether a nested dag or a sweep starts, decided once for all of its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.decide import held_back_by_condition, held_back_by_upstreams
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.resolution import compiled_of, literal_condition
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Surroundings, Task


def pass_gate(task: Task, around: Surroundings) -> Ended:
    """`succeeded` if the group starts; else how its run ended, with the reason, which the store keeps."""
    compiled = compiled_of(task)
    run = begin_pipeline(
        task, around, compiled, task.node.group, ends_with=str(task.node.details["ends_with"])
    )
    upstreams = Family(task, around).upstreams()
    try:
        held_back = held_back_by_upstreams(task.node, compiled, upstreams) or held_back_by_condition(
            compiled, literal_condition(task, around, compiled, run)
        )
    except CompilationError as error:
        around.store.runs.set_status(run.uuid, "failed", str(error), at=around.clock())
        return Ended("failed", run.uuid, str(error), retriable=False)
    if held_back is None:
        if run.status in DONE:  # it was cleared
            around.store.runs.set_status(run.uuid, "running", at=around.clock(), force=True)
        return Ended("succeeded", run.uuid)
    around.store.runs.set_status(run.uuid, held_back.status, held_back.reason, at=around.clock())
    return Ended(held_back.status, run.uuid, held_back.reason)
