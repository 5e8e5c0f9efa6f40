"""Which connections an operation asks for, and whether the deployment has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.polyaxonfile.sources import Finding, walk
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.polyaxonfile.sources import Path


PARTS = ("run", "connections", "init", "build", "hooks", "plugins", "inputs", "outputs", "params", "runPatch")
# Below these a key `connection` is data of the user, or stands in an operation that is looked at by itself.
OPAQUE = ("value", "schema", "environment", "component", "operations", "components")


def unknown_connections(operation: Operation, catalogue: Catalogue) -> Iterator[Finding]:
    """A finding for each name, anywhere in the operation, that the catalogue does not have."""
    for layer, path, name in asked_connections(operation):
        if not is_template(name) and name not in catalogue.connections:
            yield Finding(layer, replace(catalogue.unknown(name), path=path))


def asked_connections(operation: Operation) -> Iterator[tuple[Operation, Path, str]]:
    """Each name or template of a connection in the operation: the layer that asks, the path in it, the name."""
    for layer, _ in walk(operation):
        yield from ((layer, path, name) for path, name in _asked(layer))


def connections_in(run: Mapping[str, Any]) -> set[str]:
    """Names of all connections that a `run` section without templates asks for."""
    return {name for _, name in _below(run, ("run",))}


def _asked(layer: Operation) -> Iterator[tuple[Path, str]]:
    """Paths and names: of the run and its replicas, of inputs and params, of build, hooks and events."""
    data: dict[str, Any] = layer.to_dict()
    for key in PARTS:
        yield from _below(data.get(key), (key,))
    for index, event in enumerate(layer.events if isinstance(layer.events, list) else ()):
        kind, _, name = event.ref.partition("?")[0].partition(".")
        if kind == "connections":
            yield ("events", index, "ref"), name


def _below(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _below(item, (*path, index))
    if path[-1] == "connections" and isinstance(value, list):
        yield from (((*path, index), name) for index, name in enumerate(value) if isinstance(name, str))
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "connection" and isinstance(item, str):
                yield (*path, key), item
            elif key not in OPAQUE:
                yield from _below(item, (*path, key))
