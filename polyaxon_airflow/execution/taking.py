"""What a run takes, as the store records it: its place in the queues, and what its containers ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.plan.choices import ChosenPlace, chosen_place, refuse_place
from polyaxon_airflow.queues.needs import needs_of
from polyaxon_airflow.queues.placing import named_by

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Task


def place_of(task: Task, compiled: CompiledOperation) -> dict[str, Any]:
    """`queue` and `agent`; where there are no queues, what the operation names."""
    queue, agent = _place_of(task) or (compiled.queue, None)
    return {"queue": queue, "agent": agent}


def agent_of(task: Task) -> str | None:
    """The agent that executes a task; None where there are no queues."""
    place = _place_of(task)
    return place[1] if place is not None else None


def queue_of(task: Task) -> str | None:
    """The `agent/queue` of a task; None where there are no queues."""
    place = _place_of(task)
    return place[0] if place is not None else None


def check_place(task: Task) -> None:
    """Raises CompilationError for a queue that the trigger asks for and that the run cannot have."""
    refuse_place(task.node.id, _planned(task), task.conf, task.plan.schemas())


def amounts_of(literal: CompiledOperation) -> dict[str, Any]:
    """`cost` (an hour), `cpu` (cores), `memory` (bytes) and `gpu` (devices), as far as the operation says them."""
    cost = literal.cost if isinstance(literal.cost, (int, float)) else None
    needs = needs_of(literal.run.to_dict())
    given = {"cpu": needs.cpu, "memory": needs.memory, "gpu": needs.gpu}
    return {"cost": cost, **{name: float(amount) for name, amount in given.items() if amount is not None}}


def _place_of(task: Task) -> tuple[str, str] | None:
    """The `agent/queue` that was chosen when the dag was triggered, else that of the task's pool; and its agent."""
    return named_by(chosen_place(task.node.id, _planned(task), task.conf, task.plan.schemas()).pool)


def _planned(task: Task) -> ChosenPlace:
    return ChosenPlace(task.node.pool, task.node.pool_slots)
