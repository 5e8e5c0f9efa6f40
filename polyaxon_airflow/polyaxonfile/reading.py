"""From a text or a file to an `Operation` whose references are resolved (spec section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.references import resolve
from polyaxon_airflow.polyaxonfile.sources import Sources
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from polyaxon_airflow.source import Document


@dataclass(frozen=True)
class Reading:
    """An operation, and where each part of it stands."""

    operation: Operation
    kind: str | None  # as the file says it
    sources: Sources
    warnings: tuple[Fault, ...]


def read_operation(source: str | Path, *, root: Path | None = None) -> Operation:
    """Read a polyaxonfile: an operation, a component, which is wrapped into one, or a file without kind.

    `source` is a text or a path; `root` is the dags folder, which references cannot leave, by default the folder of
    the file. Raises PolyaxonfileError with all faults of the file.
    """
    return read(source, root=root).operation


def read(source: str | Path, *, root: Path | None = None, file: str | None = None) -> Reading:
    """As `read_operation`, with the places that later steps need for their errors. `file` is the name in faults."""
    document = read_document(source, file=file)
    if root is None and isinstance(source, Path):
        root = source.parent
    return read_parsed(parse(document), document, root)


def read_parsed(parsed: Operation, document: Document, root: Path | None) -> Reading:
    """An operation that a document holds, with the components of its references. Raises PolyaxonfileError."""
    resolved = resolve(parsed, document, root)
    faults = [*resolved.faults, *resolved.sources.all(resolved.findings)]
    if faults:
        raise PolyaxonfileError(faults)
    operation = as_operation(resolved.operation)
    sources = resolved.sources.standing_for(operation, resolved.operation)
    return Reading(operation, resolved.operation.kind, sources, document.warnings)


def as_operation(operation: Operation) -> Operation:
    """A component as the operation that runs it; anything else as it is."""
    if operation.kind != "component":
        return operation
    version = {} if operation.version is None else {"version": operation.version}
    return Operation(kind="operation", component=operation, **version)
