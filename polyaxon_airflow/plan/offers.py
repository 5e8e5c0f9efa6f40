"""The fields of the trigger form for another queue and for presets: what may be chosen for this file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import apply_preset
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.choices import BY_VALUE, MARK, PRESETS, QUEUE, SECTION
from polyaxon_airflow.plan.deployment import MOST_RETRIES
from polyaxon_airflow.plan.templated import accepted_values, rule_of, with_known_values
from polyaxon_airflow.queues.placing import named_by, slots_of
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan import Node
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.presets import Preset
    from polyaxon_airflow.queues.lookup import Place

    Fields = dict[str, dict[str, Any]]

RUNS = ("run", "trial", "hook", "build", "tuner")  # tasks that are runs; the others decide, ask and gather


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

    Its schema says for each preset which tasks go elsewhere with it: `{preset: {task id: [pool, slots]}}`; the pool is ""
    if the preset names no queue, and changes what a run takes.
    """
    moves, tasks = {}, list(nodes)
    for name, preset in presets.items():
        try:
            moves[name] = _moves(deployment, tasks, operations, preset)
        except CompilationError:
            continue
    if not moves:
        return {}
    items = {"type": "string", "enum": list(moves)}
    # Of an array with examples Airflow's form makes a multi-select.
    schema = {"type": "array", "items": items, "examples": list(moves), "section": SECTION, MARK: moves}
    description = "Presets that lie over every run of this file, in this order."
    return {PRESETS: {"schema": schema, "default": [], "description": description}}


def with_most_retries(node: Node, presets: Mapping[str, Preset]) -> Node:
    """The task with as many retries as any preset may want. The run knows which it has, and how many are its own."""
    if node.kind not in RUNS:
        return node
    wanted = (getattr(preset.operation.termination, "max_retries", None) for preset in presets.values())
    most = (MOST_RETRIES if is_template(each) else each or 0 for each in wanted)
    return replace(node, most_retries=max([node.most_retries, *most]))


def with_queues(
    form: Fields, deployment: Deployment, nodes: Iterable[Node], operations: Mapping[str, CompiledOperation]
) -> Fields:
    """The form's fields, those that decide on a queue with what follows from their values: `{task id: rule}`.

    Where a field is free text and alone decides, only the names of queues that the run may use are offered.
    """
    rules: dict[str, dict[str, Any]] = {}
    for node in nodes:
        if named_by(node.pool) and node.kind in RUNS and node.operation in operations:
            rule = rule_of(operations[node.operation], node.operation, operations, deployment)
            if rule is not None:
                rules.setdefault(next(iter(rule["asked"].values())), {})[node.id] = rule
    return {name: _deciding(field, rules[name]) if name in rules else field for name, field in form.items()}


def _deciding(field: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    """A field that decides on queues."""
    schema = {**field["schema"], BY_VALUE: rules}
    accepted = [accepted_values(rule) for rule in rules.values()]
    if schema.get("type", "string") == "string" and "enum" not in schema and None not in accepted:
        shared = [value for value in accepted[0] or () if all(value in each for each in accepted if each)]
        schema["enum"] = list(dict.fromkeys([*([field["default"]] if "default" in field else []), *shared]))
    return {**field, "schema": schema}


def _moves(
    deployment: Deployment,
    nodes: Sequence[Node],
    operations: Mapping[str, CompiledOperation],
    preset: Preset,
) -> dict[str, list[str | int]]:
    moves: dict[str, list[str | int]] = {}
    for node in nodes:
        if node.operation in operations:
            changed = apply_preset(operations[node.operation], preset)
            pool, slots = deployment.place(with_known_values(changed, node.operation, operations))
            names_one = preset.operation.queue is not None
            if named_by(node.pool) and (names_one or slots != node.pool_slots):
                moves[node.id] = [pool if names_one else "", slots]
    return moves


def _fits(place: Place, node: Node, operation: CompiledOperation) -> bool:
    cost = operation.cost if isinstance(operation.cost, float) else None
    try:
        return slots_of(place, operation.run.to_dict(), cost) == node.pool_slots
    except CompilationError:
        return False
