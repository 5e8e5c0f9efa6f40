"""The field of the trigger form that sends one run to another queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.queues.placing import named_by, slots_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan import Node
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.queues.lookup import Place

FIELD = "queue"
MARK = "x-polyaxon"  # in the schema: the field is ours, not an input of this name (`policy`)


def queue_field(
    deployment: Deployment, nodes: Iterable[Node], operations: Mapping[str, CompiledOperation]
) -> dict[str, dict[str, Any]]:
    """The field, or nothing if there is no choice.

    A task keeps the slots that it was planned with, so only those queues are offered in which every run of the file
    takes as many.
    """
    if deployment.queues is None:
        return {}
    queued = [node for node in nodes if named_by(node.pool)]
    offered = [
        place.name
        for place in deployment.queues.usable(deployment.requester)
        if all(_fits(place, node, operations[node.operation]) for node in queued)
    ]
    if not queued or len(offered) < 2:
        return {}
    schema = {"type": ["null", "string"], "enum": [None, *offered], "section": "Where it runs", MARK: True}
    description = "Queue of this run; that of the file if none is chosen."
    return {FIELD: {"schema": schema, "default": None, "description": description}}


def _fits(place: Place, node: Node, operation: CompiledOperation) -> bool:
    cost = operation.cost if isinstance(operation.cost, float) else None
    try:
        return slots_of(place, operation.run.to_dict(), cost) == node.pool_slots
    except CompilationError:
        return False
