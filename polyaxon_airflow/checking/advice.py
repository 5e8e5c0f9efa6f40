"""Everything about a readable operation that Polyaxon lets pass and that does not work."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.checking.events import check_watched
from polyaxon_airflow.checking.ignored import check_ignored
from polyaxon_airflow.checking.joins import QueryCheck, check_joins
from polyaxon_airflow.checking.kubernetes import check_objects
from polyaxon_airflow.checking.numbers import check_numbers
from polyaxon_airflow.checking.searching import check_search
from polyaxon_airflow.checking.templates import check_templates
from polyaxon_airflow.checking.values import check_layers, check_refs, check_values
from polyaxon_airflow.connections.checking import unknown_connections
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.graph import build_graph
from polyaxon_airflow.polyaxonfile.sources import Finding, FindingsError, layers
from polyaxon_airflow.polyaxonfile.unfinished import marks_in
from polyaxon_airflow.queues.checking import refused_names
from polyaxon_airflow.queues.lookup import ANYBODY, Requester
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.queues.lookup import Queues


_READABLE = re.compile(r"(?P<ref>dag|ops\.[^.]+)\.(?P<path>(?P<section>inputs|outputs|globals)\..+)")


@dataclass(frozen=True)
class Known:
    """What there is beside the file; None where nobody knows it, so that no name is wrong."""

    presets: Collection[str] | None = None
    queues: Queues | None = None
    requester: Requester = ANYBODY  # whose the file is
    connections: Catalogue | None = None
    query: QueryCheck | None = None
    # What keeps a file, below a dags folder, from becoming a DAG of this deployment although all of it is right.
    refusals: Callable[[Path, Path], Iterable[Fault]] | None = None


def advise(operation: Operation, known: Known) -> Iterator[Finding]:
    """What does not work in an operation, and in the operations of its dag."""
    try:
        composed = compose(operation)
    except FindingsError:  # compiling has said why
        yield from advise_as_written(operation, known)
        return
    if known.connections is not None:
        yield from unknown_connections(operation, known.connections)
    for finding in marks_in(operation):
        yield finding._replace(fault=replace(finding.fault, severity="warning"))
    yield from _of_one(operation, composed, known)
    if isinstance(composed.run, Dag):
        graph = build_graph(operation, composed)
        readable = _by_section(graph.readable)
        copies = {id(node.operation): node.authored for node in graph.nodes}
        for node in graph.nodes:
            for finding in (
                *_of_one(node.operation, node.composed, known),
                *_inner(node.operation, node.composed, known),
                *check_refs(node.operation, node.composed, readable),
            ):
                yield Finding(copies.get(id(finding.layer), finding.layer), finding.fault)


def advise_as_written(operation: Operation, known: Known) -> Iterator[Finding]:
    """What can be told of an operation whose references lead nowhere, so that nobody knows what it comes to."""
    for written in (operation, *_nodes(operation)):
        yield from _of_layers(written, known)


def _nodes(operation: Operation) -> Iterator[Operation]:
    for layer in layers(operation):
        inside = layer.run.operations if isinstance(layer.run, Dag) else None
        for node in inside if isinstance(inside, list) else ():
            yield node
            yield from _nodes(node)


def _by_section(readable: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """`ops.train.outputs.loss` as `{("ops.train", "outputs"): ["outputs.loss"]}`."""
    found = defaultdict(list)
    for match in filter(None, map(_READABLE.fullmatch, readable)):
        found[match["ref"], match["section"]].append(match["path"])
    return found


def _inner(operation: Operation, composed: Operation, known: Known) -> Iterator[Finding]:
    """The operations of a dag inside of a dag."""
    return advise(operation, known) if isinstance(composed.run, Dag) else iter(())


def _of_one(authored: Operation, composed: Operation, known: Known) -> Iterator[Finding]:
    yield from check_values(authored, composed)
    yield from check_templates(authored, composed)
    yield from check_search(authored, composed)
    yield from _of_layers(authored, known)


def _of_layers(authored: Operation, known: Known) -> Iterator[Finding]:
    yield from check_layers(authored)
    yield from check_joins(authored, known.query)
    yield from check_watched(authored, known.query, known.connections)
    yield from check_numbers(authored)
    yield from check_ignored(authored)
    for layer in layers(authored):
        faults = (*check_objects(_own(layer)), *_names(layer, known))
        yield from (Finding(layer, fault) for fault in faults)


def _own(layer: Operation) -> dict[str, Any]:
    """A layer without the operations inside of it."""
    data = layer.to_dict()
    data.pop("component", None)
    if isinstance(layer.run, Dag):
        data["run"] = {
            key: value for key, value in data["run"].items() if key not in ("operations", "components")
        }
    return data


def _names(layer: Operation, known: Known) -> Iterator[Fault]:
    for index, name in enumerate(layer.presets or []):
        if known.presets is not None and not is_template(name) and name not in known.presets:
            message = f"no preset is called '{name}'; known: {', '.join(sorted(known.presets)) or 'none'}"
            yield Fault(
                message,
                path=("presets", index),
                suggestion=suggest(name, known.presets),
                rule="unknown-preset",
            )
    if known.queues is not None:
        refused = list(refused_names(layer, known.queues, known.requester))
        yield from refused
        if layer.queue and not is_template(layer.queue) and not refused:
            yield from _never_at_once(layer, layer.queue, known.queues)


def _never_at_once(layer: Operation, name: str, queues: Queues) -> Iterator[Fault]:
    slots = queues.find(name).queue.slots
    for path, holder in ((("matrix", "concurrency"), layer.matrix), (("run", "concurrency"), layer.run)):
        wanted = getattr(holder, "concurrency", None)
        if isinstance(wanted, int) and 0 <= slots < wanted:
            message = f"queue '{name}' has {slots} slots, so that {wanted} never run at once"
            suggestion = f"Write {slots} or less."
            yield Fault(message, path=path, severity="warning", suggestion=suggestion, rule="concurrency")
