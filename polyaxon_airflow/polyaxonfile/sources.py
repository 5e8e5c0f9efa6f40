"""Where the parts of an operation were written: which file, which line.

Operations are frozen, so the very objects that were read are found again in what is merged and composed from them; a
fault is found on an object and a path below it, and gets its place here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.polyaxonfile.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.source import Document

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """A fault in an operation of a file; the fault's path starts at that operation."""

    layer: Operation
    fault: Fault


class FindingsError(Exception):
    """Faults that have no places yet; whoever has the sources turns them into an error for the user."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding.fault) for finding in self.findings))


class _Place(NamedTuple):
    layer: Operation  # kept alive, so that its id stays its own
    document: Document | None
    path: Path


@dataclass(frozen=True)
class Sources:
    """The places of all operations that a file holds or refers to."""

    _places: dict[int, _Place] = field(default_factory=dict)

    @classmethod
    def of(cls, operation: Operation, document: Document | None, path: Path = ()) -> Sources:
        """The sources of an operation that was read from one document, where it stands at `path`."""
        found = walk(operation, path)
        return cls({id(layer): _Place(layer, document, place) for layer, place in found})

    def __or__(self, other: Sources) -> Sources:
        return Sources({**self._places, **other._places})

    @classmethod
    def placed(cls, places: Iterable[tuple[Operation, Document, Path]]) -> Sources:
        """The sources of operations whose documents and paths are known."""
        return cls({id(layer): _Place(layer, document, path) for layer, document, path in places})

    def standing_for(self, new: Operation, old: Operation) -> Sources:
        """With an operation that was made from another one and has no place of its own."""
        place = self._places.get(id(old))
        return Sources({**self._places, id(new): place._replace(layer=new)}) if place else self

    def files(self) -> set[str]:
        """The files that the operations were read from."""
        documents = (place.document for place in self._places.values())
        return {document.file for document in documents if document is not None and document.file}

    def document(self, layer: Operation) -> Document | None:
        """The document that an operation was read from."""
        place = self._places.get(id(layer))
        return place.document if place else None

    def path(self, layer: Operation) -> Path:
        """Where an operation stands in its document."""
        place = self._places.get(id(layer))
        return place.path if place else ()

    def locate(self, finding: Finding) -> Fault:
        """The fault with its place, as far as that is known."""
        place = self._places.get(id(finding.layer))
        if place is None:
            return finding.fault
        fault = replace(finding.fault, path=(*place.path, *finding.fault.path))
        return place.document.locate(fault) if place.document else fault

    def all(self, findings: Iterable[Finding]) -> list[Fault]:
        """The faults of all findings, each once."""
        return list(dict.fromkeys(map(self.locate, findings)))


def walk(operation: Operation, path: Path = ()) -> Iterator[tuple[Operation, Path]]:
    """An operation and all that stand inside it, with their paths: components, and the nodes and library of a dag."""
    yield operation, path
    if operation.component is not None:
        yield from walk(operation.component, (*path, "component"))
    for key in ("operations", "components"):
        inside: Any = getattr(operation.run, key, None)
        for index, node in enumerate(inside if isinstance(inside, list) else ()):
            if isinstance(node, Operation):
                yield from walk(node, (*path, "run", key, index))


def layers(operation: Operation) -> Iterator[Operation]:
    """An operation, its component, that one's component, and so on."""
    layer: Operation | None = operation
    while layer is not None:
        yield layer
        layer = layer.component
