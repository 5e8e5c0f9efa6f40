"""What a run takes, as the store records it: its place in the queues, and what its containers ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.queues.needs import needs_of
from polyaxon_airflow.queues.placing import named_by

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan import Node


def place_of(node: Node, compiled: CompiledOperation) -> dict[str, Any]:
    """`queue` and `agent`: those of the task's pool, or what the operation names where there are no queues."""
    queue, agent = named_by(node.pool) or (compiled.queue, None)
    return {"queue": queue, "agent": agent}


def amounts_of(literal: CompiledOperation) -> dict[str, Any]:
    """`cost` (an hour), `cpu` (cores), `memory` (bytes) and `gpu` (devices), as far as the operation says them."""
    cost = literal.cost if isinstance(literal.cost, (int, float)) else None
    needs = needs_of(literal.run.to_dict())
    given = {"cpu": needs.cpu, "memory": needs.memory, "gpu": needs.gpu}
    return {"cost": cost, **{name: float(amount) for name, amount in given.items() if amount is not None}}
