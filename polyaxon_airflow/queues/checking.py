"""What a polyaxonfile asks of queues and presets that it cannot have, each at its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.polyaxonfile.sources import Finding, walk
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.polyaxonfile.sources import Sources
    from polyaxon_airflow.queues.lookup import Queues, Requester

    Steps = tuple[str | int, ...]


def refused_names(layer: Operation, queues: Queues, requester: Requester) -> Iterator[Fault]:
    """Queues that are unknown or not for this requester, and presets that it may not name; paths start at the layer.

    Looked at are the queues of the operation itself, of its hooks, its build and its tuner. Templates are left to the
    compiler, which knows their values.
    """
    for path, name in _named_queues(layer):
        yield from _refused_queue(path, name, queues, requester)
    for index, name in enumerate(layer.presets or []):
        yield from _refused_preset(index, name, queues, requester)


def queue_faults(operation: Operation, sources: Sources, queues: Queues, requester: Requester) -> list[Fault]:
    """The refused names of an operation, its component and the nodes of its dag, each with its place."""
    return sources.all(
        Finding(layer, fault)
        for layer, _ in walk(operation)
        for fault in refused_names(layer, queues, requester)
    )


def _named_queues(layer: Operation) -> Iterator[tuple[Steps, str]]:
    """Every queue that a layer names, with its path."""
    hooks: Any = layer.hooks if isinstance(layer.hooks, list) else []
    tuner = getattr(layer.matrix, "tuner", None)
    holders: list[tuple[Steps, Any]] = [
        ((), layer),
        *((("hooks", index), hook) for index, hook in enumerate(hooks)),
        (("build",), layer.build),
        (("matrix", "tuner"), tuner),
    ]
    for path, holder in holders:
        name = getattr(holder, "queue", None)
        if isinstance(name, str) and not is_template(name):
            yield (*path, "queue"), name


def _refused_queue(path: Steps, name: str, queues: Queues, requester: Requester) -> list[Fault]:
    try:
        queues.place_of(name, requester=requester)
    except CompilationError as error:
        return [replace(fault, path=path) for fault in error.faults]
    return []


def _refused_preset(index: int, name: str, queues: Queues, requester: Requester) -> list[Fault]:
    if is_template(name):
        return []
    try:
        queues.check_presets([name], requester)
    except CompilationError as error:
        return [replace(fault, path=("presets", index)) for fault in error.faults]
    return []
