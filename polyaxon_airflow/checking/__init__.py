"""Checking files without running them: what `polyaxon-airflow check` finds (spec section 1.8).

An error is what keeps an operation from becoming a DAG, as in Polyaxon. A warning is what Polyaxon lets pass although
it does not work, or does not do what it says.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.checking.advice import Known, advise, advise_as_written
from polyaxon_airflow.checking.requester import requester_of
from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import Fault, FaultsError, PolyaxonfileError
from polyaxon_airflow.explain import MAX_ERRORS
from polyaxon_airflow.polyaxonfile.naming import dag_id, taken
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.presets import preset_from_file
from polyaxon_airflow.polyaxonfile.reading import read_parsed
from polyaxon_airflow.polyaxonfile.recognise import ASIDE, SUFFIXES, is_polyaxonfile
from polyaxon_airflow.polyaxonfile.references import LOCK
from polyaxon_airflow.polyaxonfile.sources import Sources
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.source import Document

__all__ = ["Known", "Result", "check", "check_file", "check_text", "dags_folder", "polyaxonfiles"]

DEPLOYMENT = ("queues.yaml", "connections.yaml")  # files at the top of a dags folder


@dataclass(frozen=True)
class Result:
    """What the check of one file found."""

    file: str
    kind: str | None  # what `kind:` says; None for a file without, and for one that cannot be read
    faults: tuple[Fault, ...]
    is_valid: bool
    dag_id: str | None = None  # of the DAG that it becomes; None if it becomes none


def check(
    paths: Iterable[Path], *, root: Path | None = None, strict: bool = False, known: Known | None = None
) -> list[Result]:
    """Check files, and the polyaxonfiles in folders. With `strict`, warnings make a file invalid too.

    `root` is the dags folder, by default `dags_folder` of each path.
    """
    files = [(file, root or around) for path in paths for file, around in _files(path)]
    results = [check_file(file, root=around, strict=strict, known=known) for file, around in files]
    return _with_ids_that_are_taken(results, [around for _, around in files], strict=strict)


def check_file(
    path: Path, *, root: Path | None = None, strict: bool = False, known: Known | None = None
) -> Result:
    """Check one file: that it can be read, that it compiles, and that what it says works."""
    try:
        document = read_document(path)
    except PolyaxonfileError as error:
        return _result(str(path), None, error.faults, strict=strict)
    becomes = None
    found: Iterable[Fault]
    if _is_preset(path, document):
        found = _preset_faults(path)
    elif path.parent.name == ASIDE[1]:
        found = _parsed(document)[1]
    else:
        around = root or path.parent
        operation, found = _parsed(document)
        if operation is not None:
            becomes = dag_id(operation, path, around)
            known = _known_to(path, around, known or Known())
            found = _with_later(found, operation, document, around, known)
            if known.refusals is not None and not any(fault.severity == "error" for fault in found):
                found = [*found, *known.refusals(path, around)]
    result = _result(str(path), _kind(document), [*document.warnings, *found], strict=strict)
    return replace(result, dag_id=becomes)


def check_text(
    text: str, file: str, *, root: Path | None = None, strict: bool = False, known: Known | None = None
) -> Result:
    """Check what an editor holds, before it is saved in `file`."""
    try:
        document = read_document(text, file=file)
    except PolyaxonfileError as error:
        return _result(file, None, error.faults, strict=strict)
    operation, found = _parsed(document)
    if operation is not None:
        found = _with_later(found, operation, document, root, known or Known())
    return _result(file, _kind(document), [*document.warnings, *found], strict=strict)


def dags_folder(path: Path) -> Path:
    """The dags folder that a file or a folder is in, as far as one can tell.

    The nearest folder, in the working directory, that is called `dags` or holds what only a dags folder holds; else
    the folder itself, and for a file the working directory if that is around it.
    """
    here = Path.cwd()
    own = path if path.is_dir() else path.parent
    if not path.resolve().is_relative_to(here):
        return own
    around = [own, *(folder for folder in own.parents if folder.resolve().is_relative_to(here))]
    found = next((folder for folder in around if _is_dags_folder(folder)), None)
    return found or (own if path.is_dir() else here)


def polyaxonfiles(folder: Path) -> list[Path]:
    """The polyaxonfiles of a folder and of the folders in it, its presets and components among them."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return [file for file in files if _is_part(file, folder) or is_polyaxonfile(file, folder)]


def _with_ids_that_are_taken(
    results: Iterable[Result], roots: Iterable[Path], *, strict: bool
) -> list[Result]:
    """The results, with a fault for each file whose DAG has the id of one before it in the same dags folder."""
    first: dict[tuple[Path, str], Result] = {}
    found = []
    for result, root in zip(results, roots, strict=True):
        other = first.setdefault((root, result.dag_id), result) if result.dag_id else result
        if result.dag_id and Path(other.file).resolve() != Path(result.file).resolve():
            fault = taken(read_document(Path(result.file)), result.dag_id, other.file)
            again = _result(result.file, result.kind, [*result.faults, fault], strict=strict)
            found.append(replace(again, dag_id=result.dag_id))
        else:
            found.append(result)
    return found


def _known_to(file: Path, root: Path, known: Known) -> Known:
    """What is known, and whose the file is."""
    return replace(known, requester=requester_of(file, root, known.queues))


def _result(file: str, kind: str | None, found: Iterable[Fault], *, strict: bool) -> Result:
    faults = PolyaxonfileError(_each_once(found)).faults
    is_valid = not any(strict or fault.severity == "error" for fault in faults)
    return Result(file, kind, faults, is_valid)


def _each_once(found: Iterable[Fault]) -> list[Fault]:
    """The faults without warnings that say again, at its place, what an error says."""
    said: dict[tuple[object, ...], Fault] = {}
    for fault in sorted(found, key=lambda fault: fault.severity != "error"):
        said.setdefault((fault.file, fault.line, fault.column, fault.message), fault)
    return list(said.values())


def _kind(document: Document) -> str | None:
    kind = document.value.get("kind")
    return kind if isinstance(kind, str) else None


def _is_preset(path: Path, document: Document) -> bool:
    return document.value.get("isPreset") is True or path.parent.name == ASIDE[0]


def _preset_faults(path: Path) -> tuple[Fault, ...]:
    try:
        preset_from_file(path)
    except PolyaxonfileError as error:
        return error.faults
    return ()


# What a fault of one key may bring about elsewhere; beside such a fault these are not worth saying.
_FOLLOWERS = {"no-run", "missing-param", "run-patch", "reference", "dag-ref", "dag", "dag-upstream", "dag-name", "param",
              "template-name", "undeclared", "matrix", "matrix-type", "missing", "run-kind", "space"}  # fmt: skip


def _with_later(
    found: list[Fault], operation: Operation, document: Document, root: Path | None, known: Known
) -> list[Fault]:
    """What keeps a document from being read, and what is wrong with the operation that it holds."""
    later = _later_faults(operation, document, root, known)
    return [*found, *(fault for fault in later if not found or fault.rule not in _FOLLOWERS)]


def _later_faults(operation: Operation, document: Document, root: Path | None, known: Known) -> list[Fault]:
    """What is wrong with an operation that can be read: references, params, the graph, values that do not work."""
    try:
        reading = read_parsed(operation, document, root)
    except FaultsError as error:
        as_written = Sources.of(operation, document).all(
            islice(advise_as_written(operation, known), MAX_ERRORS)
        )
        return [*error.faults, *as_written]
    found: list[Fault] = []
    try:
        compile_operation(reading.operation, sources=reading.sources)
    except FaultsError as error:
        found += error.faults
    return [*found, *reading.sources.all(islice(advise(reading.operation, known), MAX_ERRORS))]


def _parsed(document: Document) -> tuple[Operation | None, list[Fault]]:
    """The operation that a document holds, if need be without the parts that are wrong, and these faults."""
    found: list[Fault] = []
    value = document.value
    for _ in range(3):
        try:
            return parse(document.with_value(value)), found
        except PolyaxonfileError as error:
            found += [fault for fault in error.faults if not any(_is_near(fault, other) for other in found)]
            if len(found) >= MAX_ERRORS:
                return None, found
            value = _without(value, [fault.path for fault in error.faults])
    return None, found


def _is_near(fault: Fault, other: Fault) -> bool:
    """Whether one fault is around the other, so that it may come of taking that out."""
    shorter = min(len(fault.path), len(other.path))
    return fault.path[:shorter] == other.path[:shorter]


def _without(value: dict[str, Any], paths: Iterable[tuple[str | int, ...]]) -> dict[str, Any]:
    """A document without what stands at the paths; of a list all of it, so that no index changes its meaning."""
    copy = deepcopy(value)
    for path in paths:
        keys = _to_the_last_key(path)
        holder: Any = copy
        for step in keys[:-1]:
            holder = holder[step] if _has(holder, step) else None
        if keys and isinstance(holder, dict):
            holder.pop(keys[-1], None)
    return copy


def _to_the_last_key(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def _has(holder: Any, step: str | int) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


def _is_dags_folder(folder: Path) -> bool:
    return folder.name == "dags" or any((folder / name).exists() for name in (*ASIDE, *DEPLOYMENT))


def _is_part(file: Path, folder: Path) -> bool:
    place = file.relative_to(folder).parts
    return len(place) == 2 and place[0] in ASIDE and file.name != LOCK


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """The files that a path means, each with the folder that its references cannot leave."""
    around = dags_folder(path)
    yield from ((file, around) for file in (polyaxonfiles(path) if path.is_dir() else [path]))
