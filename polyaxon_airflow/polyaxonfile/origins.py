"""Where each value of a composed operation comes from: which document set it, on which line.

Documents are laid over one another one by one; what a step changes comes from the document of that step. So the rules
of merging are known in one place only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.explain import dotted
from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.overlays import apply_document, apply_to_composed
from polyaxon_airflow.polyaxonfile.shortcuts import GPU
from polyaxon_airflow.polyaxonfile.sources import Sources, layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polyaxon_airflow.polyaxonfile.presets import Preset

Path = tuple[str | int, ...]


class Origin(NamedTuple):
    """The document that set a value."""

    label: str  # "component", "operation", "preset gpu", "params"
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{self.label} {place}" if place and place != self.label else self.label


class Value(NamedTuple):
    """A value of the composed operation, its place in it, and its origin."""

    path: Path
    value: Any
    origin: Origin

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.value!r}  # {self.origin}"


def trace(
    operation: Operation,
    *,
    presets: Sequence[Preset] = (),
    params: Mapping[str, Any] | None = None,
    sources: Sources | None = None,
) -> list[Value]:
    """The values of an operation with its component, presets and params, each with its origin, in order.

    Raises FindingsError if the documents do not compose.
    """
    values: dict[Path, Value] = {}
    for step in _steps(operation, presets, params or {}, sources or Sources()):
        values = _changed(values, step)
    return list(values.values())


class _Step(NamedTuple):
    """The composed operation after one more document, which is `layer`."""

    composed: Operation
    label: str
    layer: Operation
    sources: Sources


def _steps(
    operation: Operation, presets: Sequence[Preset], params: Mapping[str, Any], sources: Sources
) -> Iterator[_Step]:
    for depth, layer in reversed(list(enumerate(layers(operation)))):
        yield _Step(compose(layer), "component" if depth else "operation", layer, sources)
    for preset in presets:
        if not preset.is_named:
            operation = apply_document(operation, preset.operation)
            yield _Step(compose(operation), preset.label, preset.operation, preset.sources)
    composed = compose(operation)
    for preset in presets:
        if preset.is_named:
            composed = apply_to_composed(composed, preset.operation)
            yield _Step(composed, preset.label, preset.operation, preset.sources)
    if params:
        given = Operation.model_validate(
            {"params": {name: {"value": value} for name, value in params.items()}}
        )
        composed = composed.model_copy(update={"params": {**(composed.params or {}), **(given.params or {})}})
        yield _Step(composed, "params", given, Sources())


def _changed(before: Mapping[Path, Value], step: _Step) -> dict[Path, Value]:
    known = {
        (path[:-1], repr(value.value)): value for path, value in before.items() if isinstance(path[-1], int)
    }
    after: dict[Path, Value] = {}
    for path, value in _leaves(step.composed.to_dict(), ()):
        old = before.get(path)
        if old is None or old.value != value:
            # An item of a list may only have moved, when other items came before it.
            old = known.get((path[:-1], repr(value))) if isinstance(path[-1], int) else None
        after[path] = Value(path, value, old.origin if old else _origin(step, path))
    return after


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The values that are not mappings; items of lists one by one, each as a whole."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield (*path, index), item
    else:
        yield path, value


def _origin(step: _Step, path: Path) -> Origin:
    document = step.sources.document(step.layer)
    if document is None:
        return Origin(step.label)
    above = step.sources.path(step.layer)
    written = min(_ways(path, step), key=lambda way: len(way) - document.depth((*above, *way)) + len(above))
    line, _ = document.place((*above, *written))
    return Origin(step.label, document.file, line)


def _ways(path: Path, step: _Step) -> Iterator[Path]:
    """The places where a value of the composed operation may have been written in a document."""
    yield path
    if path[0] != "run":
        return
    yield ("runPatch", *path[1:])
    yield path[1:]
    if "resources" in path:
        yield ("resources", "gpu" if path[-1] == GPU else path[-1])
    if path[-2:-1] == ("env",) and step.layer.env:
        yield from (
            ("env", name) for name in step.layer.env if name in repr(_at(step.composed.to_dict(), path))
        )
    if "command" in path or "args" in path:
        yield ("cmd",)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
