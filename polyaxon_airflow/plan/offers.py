"""The fields of the trigger form for another queue and for presets: what may be chosen for this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import apply_preset
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.choices import MARK, PRESETS, QUEUE, SECTION
from polyaxon_airflow.queues.placing import named_by, slots_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan import Node
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.presets import Preset
    from polyaxon_airflow.queues.lookup import Place

    Fields = dict[str, dict[str, Any]]


def queue_field(
    deployment: Deployment, nodes: Iterable[Node], operations: Mapping[str, CompiledOperation]
) -> Fields:
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
    schema = {"type": ["null", "string"], "enum": [None, *offered], "section": SECTION, MARK: True}
    description = "Queue of this run; that of the file if none is chosen."
    return {QUEUE: {"schema": schema, "default": None, "description": description}}


def presets_field(
    deployment: Deployment,
    nodes: Iterable[Node],
    operations: Mapping[str, CompiledOperation],
    presets: Mapping[str, Preset],
) -> Fields:
    """The field, or nothing if none of the presets fits this file: all its runs, and the queues that they would go to.

    Its schema says for each preset which tasks go elsewhere with it: `{preset: {task id: [pool, slots]}}`.
    """
    nodes, moves = [node for node in nodes if not node.is_attached], {}
    for name, preset in presets.items():
        try:
            moves[name] = _moves(deployment, nodes, operations, preset)
        except CompilationError:
            continue
    if not moves:
        return {}
    items = {"type": "string", "enum": list(moves)}
    # Of an array with examples Airflow's form makes a multi-select.
    schema = {"type": "array", "items": items, "examples": list(moves), "section": SECTION, MARK: moves}
    description = "Presets that lie over every operation of this file, in this order."
    return {PRESETS: {"schema": schema, "default": [], "description": description}}


def _moves(
    deployment: Deployment,
    nodes: Sequence[Node],
    operations: Mapping[str, CompiledOperation],
    preset: Preset,
) -> dict[str, list[str | int]]:
    moves: dict[str, list[str | int]] = {}
    for node in nodes:
        if node.operation in operations:
            place = deployment.place(apply_preset(operations[node.operation], preset))
            if named_by(node.pool) and place != (node.pool, node.pool_slots):
                moves[node.id] = list(place)
    return moves


def _fits(place: Place, node: Node, operation: CompiledOperation) -> bool:
    cost = operation.cost if isinstance(operation.cost, float) else None
    try:
        return slots_of(place, operation.run.to_dict(), cost) == node.pool_slots
    except CompilationError:
        return False
