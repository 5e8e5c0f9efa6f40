"""Presets: operation-shaped documents that lie over an operation, by value, by file or by name (spec section 3.16).

Presets by name are files of the folder `presets` of the dags folder: `presets: [gpu]` is `presets/gpu.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.errors import CompilationError, Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.sources import Finding, FindingsError, Sources, walk
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "presets"
SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Preset:
    """A document to lie over an operation, and where it comes from.

    A preset by value or by file changes the document below it, and what it says in `runPatch` reaches the run with the
    strategy of that document. A preset by name changes the composed operation with its own strategy.
    """

    label: str  # for people: "preset gpu", "presets/gpu.yaml"
    operation: Operation
    sources: Sources = field(default_factory=Sources)
    is_named: bool = False


def preset_from_value(value: Mapping[str, Any], label: str = "preset") -> Preset:
    """A preset that is at hand as a mapping. Raises PolyaxonfileError."""
    try:
        return Preset(label, Operation.model_validate({**value, "isPreset": True}))
    except ValidationError as error:
        raise PolyaxonfileError(explain.faults(error, Operation, dict(value))) from error


def preset_from_file(path: Path, *, file: str | None = None) -> Preset:
    """A preset in a file of its own, as with `polyaxon run -f base -f preset`. Raises PolyaxonfileError."""
    document = read_document(path, file=file)
    try:
        operation = Operation.model_validate({**document.value, "isPreset": True})
    except ValidationError as error:
        found = explain.faults(error, Operation, document.value)
        raise PolyaxonfileError(map(document.locate, found)) from error
    return Preset(document.file or str(path), operation, Sources.of(operation, document))


def preset_by_name(name: str, root: Path) -> Preset:
    """The preset of that name in the dags folder `root`. Raises PolyaxonfileError."""
    path = next((path for path in _candidates(name, root) if path.is_file()), None)
    if path is None:
        known = preset_names(root)
        message = f"no preset is called '{name}'; known: {', '.join(known) or 'none'}"
        suggestion = explain.suggest(name, known) or f"Add {FOLDER}/{name}.yaml."
        raise PolyaxonfileError([Fault(message, suggestion=suggestion, rule="preset")])
    read = preset_from_file(path)
    return Preset(f"preset {name}", read.operation, read.sources, is_named=True)


def preset_names(root: Path) -> list[str]:
    """The names of the presets in the dags folder `root`."""
    return sorted(path.stem for path in (root / FOLDER).glob("*") if path.suffix in SUFFIXES)


def presets_of(operation: Operation, root: Path, sources: Sources | None = None) -> list[Preset]:
    """The presets that an operation and its component name, in order. Names that are templates are left to the run.

    Raises PolyaxonfileError, CompilationError if the operation does not compose.
    """
    found = named_presets(operation, root, sources)
    try:
        return [found[name] for name in compose(operation).presets or [] if name in found]
    except FindingsError as error:
        raise CompilationError((sources or Sources()).all(error.findings)) from error


def named_presets(operation: Operation, root: Path, sources: Sources | None = None) -> dict[str, Preset]:
    """All presets that an operation, its component and the nodes of its dag name, by name; without templates.

    Raises PolyaxonfileError with each name that is wrong, at its place.
    """
    places = sources or Sources()
    found: dict[str, Preset] = {}
    faults: list[Fault] = []
    for layer, _ in walk(operation):
        for index, name in enumerate(layer.presets or []):
            if name in found or is_template(name):
                continue
            try:
                found[name] = preset_by_name(name, root)
            except PolyaxonfileError as error:
                faults += (places.locate(_at(layer, index, fault)) for fault in error.faults)
    if faults:
        raise PolyaxonfileError(faults)
    return found


def _candidates(name: str, root: Path) -> Iterator[Path]:
    folder = (root / FOLDER).resolve()
    paths = ((folder / f"{name}{suffix}").resolve() for suffix in SUFFIXES)
    return (path for path in paths if path.parent == folder)


def _at(layer: Operation, index: int, fault: Fault) -> Finding:
    """A fault of a preset: one of its own file stays there, a missing file is where its name stands."""
    return (
        Finding(Operation(), fault) if fault.file else Finding(layer, replace(fault, path=("presets", index)))
    )
