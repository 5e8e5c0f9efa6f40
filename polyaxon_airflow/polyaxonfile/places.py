"""Where the operations of a dag stand, by their paths in the tree of operations: `train`, `nested.train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.graph import build_graph
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.errors import Fault
    from polyaxon_airflow.polyaxonfile.reading import Reading


def located(reading: Reading, path: str, fault: Fault) -> Fault:
    """A fault of the operation at `path`, with its place: in the layer of the operation that says what is wrong."""
    candidates = list(_candidates(reading.operation, path.split(".") if path else []))
    section = str(fault.path[0]) if fault.path else ""
    layer = next((layer for layer in candidates if _says(layer, section)), candidates[0])
    return reading.sources.locate(Finding(layer, fault))


def _candidates(operation: Operation, names: list[str]) -> Iterator[Operation]:
    """The layers of the operation that the names lead to, outermost first."""
    if not names:
        yield from layers(operation)
        return
    composed = compose(operation)
    nodes = build_graph(operation, composed).nodes if isinstance(composed.run, Dag) else ()
    found = next((node for node in nodes if node.name == names[0]), None)
    if found is None:
        yield operation
    elif len(names) == 1:
        yield found.authored
        yield from list(layers(found.operation))[1:]
    else:
        yield from _candidates(found.operation, names[1:])


def _says(layer: Operation, section: str) -> bool:
    return any(
        field.alias == section and name in layer.model_fields_set
        for name, field in Operation.model_fields.items()
    )
