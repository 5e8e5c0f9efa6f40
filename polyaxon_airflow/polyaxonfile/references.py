"""`pathRef`, `urlRef` and `hubRef`: components that stand in files of their own (spec section 1.6).

Nothing is fetched here. What a url or the hub holds is read from the folder `components` of the dags folder, as it was
when `polyaxon-airflow fetch` wrote it there: its lock file names a file and its hash for each reference. A path is
relative to the file that says it, and stays inside of the dags folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.sources import Finding, Sources
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from polyaxon_airflow.source import Document

FOLDER = "components"
LOCK = "components.lock.json"

_FETCHED = {"hub_ref": "hubRef", "url_ref": "urlRef"}


class Locked(NamedTuple):
    """A reference as the lock file pins it."""

    file: str  # inside of the folder of components
    sha256: str


@dataclass(frozen=True)
class Resolved:
    """An operation whose references have their components in them."""

    operation: Operation
    sources: Sources
    findings: tuple[Finding, ...]
    faults: tuple[Fault, ...]  # of the files that are referred to


def resolve(operation: Operation, document: Document, root: Path | None) -> Resolved:
    """Find the components of all references in an operation.

    `root` is the dags folder; without one no file but the document itself is read.
    """
    resolver = _Resolver(root.resolve() if root else None)
    file = Path(document.file).resolve() if document.file else None
    found = resolver.operation(operation, _At(document, (), file, (("pathRef", str(file)),)))
    return Resolved(found, Sources.placed(resolver.places), tuple(resolver.findings), tuple(resolver.faults))


def read_lock(folder: Path) -> dict[str, Locked]:
    """What the lock file of a folder of components pins, by reference: `hubRef kaniko:latest`.

    Raises PolyaxonfileError if the file is not what `polyaxon-airflow fetch` writes.
    """
    path = folder / LOCK
    if not path.exists():
        return {}
    try:
        return {
            name: Locked(entry["file"], entry["sha256"])
            for name, entry in json.loads(path.read_text()).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        fault = Fault(
            "not a lock file of components",
            str(path),
            suggestion="Run 'polyaxon-airflow fetch'.",
            rule="lock",
        )
        raise PolyaxonfileError([fault]) from error


class _At(NamedTuple):
    """Where an operation stands: its document, its path there, its file, and the references that led to it."""

    document: Document
    path: tuple[str | int, ...]
    file: Path | None
    chain: tuple[tuple[str, str], ...]

    def below(self, *steps: str | int) -> _At:
        return self._replace(path=(*self.path, *steps))


@dataclass
class _Resolver:
    """Walks one operation; what it finds on the way is its state."""

    root: Path | None
    places: list[tuple[Operation, Document, tuple[str | int, ...]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def operation(self, operation: Operation, at: _At) -> Operation:
        update: dict[str, Any] = {}
        if operation.component is not None:
            update["component"] = self.operation(operation.component, at.below("component"))
        elif operation.reference is not None and operation.reference[0] != "dag_ref":
            update["component"] = self.reference(operation, *operation.reference, at)
        if isinstance(operation.run, Dag):
            update["run"] = self.dag(operation.run, at)
        resolved = operation.model_copy(update=update) if update else operation
        self.places += [(layer, at.document, at.path) for layer in (operation, resolved)]
        return resolved

    def dag(self, dag: Dag, at: _At) -> Dag:
        update = {}
        for key in ("operations", "components"):
            inside = getattr(dag, key)
            if isinstance(inside, list):
                update[key] = [
                    self.operation(node, at.below("run", key, index)) for index, node in enumerate(inside)
                ]
        return dag.model_copy(update=update)

    def reference(self, operation: Operation, name: str, text: str, at: _At) -> Operation | None:
        key = str(Operation.model_fields[name].alias)
        try:
            path = self.path_ref(text, at) if name == "path_ref" else self.fetched(f"{key} {text}")
        except _UnresolvedError as error:
            self.findings.append(Finding(operation, error.fault(key)))
            return None
        step = (key, str(path) if name == "path_ref" else text)
        if step in at.chain:
            circle = " -> ".join(
                f"{kind} {target}" for kind, target in (*at.chain[at.chain.index(step) :], step)
            )
            fault = Fault(f"references go in a circle: {circle}", path=(key,), rule="reference-cycle")
            self.findings.append(Finding(operation, fault))
            return None
        return self.component(path, at, step)

    def component(self, path: Path, at: _At, step: tuple[str, str]) -> Operation | None:
        try:
            document = read_document(path, file=self.shown(path))
            component = parse(document)
        except PolyaxonfileError as error:
            self.faults += error.faults
            return None
        return self.operation(component, _At(document, (), path, (*at.chain, step)))

    def path_ref(self, text: str, at: _At) -> Path:
        if at.file is None or self.root is None:
            raise _UnresolvedError(f"pathRef '{text}' needs a file to start from", None)
        path = (at.file.parent / text).resolve()
        if not path.is_relative_to(self.root):
            raise _UnresolvedError(
                f"pathRef '{text}' leaves the dags folder", "Move the component into the dags folder."
            )
        if not path.is_file():
            near = (
                sorted(str(other.relative_to(at.file.parent)) for other in path.parent.glob("*.y*ml"))
                if path.parent.is_relative_to(at.file.parent)
                else []
            )
            raise _UnresolvedError(
                f"pathRef '{text}' is no file", explain.suggest(text.removeprefix("./"), near)
            )
        return path

    def fetched(self, reference: str) -> Path:
        folder = self.root / FOLDER if self.root else None
        locked = read_lock(folder) if folder else {}
        if folder is None or reference not in locked:
            meant = explain.suggest(reference, locked)
            raise _UnresolvedError(
                f"{reference} has not been fetched", meant or "Run 'polyaxon-airflow fetch'."
            )
        path = (folder / locked[reference].file).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise _UnresolvedError(
                f"{reference} has no file '{locked[reference].file}'", "Run 'polyaxon-airflow fetch'."
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != locked[reference].sha256:
            raise _UnresolvedError(
                f"{reference}: '{path.name}' is not what was fetched", "Run 'polyaxon-airflow fetch' again."
            )
        return path

    def shown(self, path: Path) -> str:
        """A file as the user would name it."""
        here = Path.cwd()
        return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


class _UnresolvedError(Exception):
    """A reference that leads to no file."""

    def __init__(self, message: str, suggestion: str | None) -> None:
        super().__init__(message)
        self.suggestion = suggestion

    def fault(self, key: str) -> Fault:
        return Fault(str(self), path=(key,), suggestion=self.suggestion, rule="reference")
