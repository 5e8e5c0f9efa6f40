"""Checking files without running them: what `polyaxon-airflow check` finds (spec section 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import Fault, FaultsError
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.polyaxonfile.recognise import ASIDE, SUFFIXES, is_polyaxonfile
from polyaxon_airflow.polyaxonfile.references import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Result:
    """What the check of one file found."""

    file: str
    kind: str | None  # what `kind:` says; None for a file without, and for one that cannot be read
    faults: tuple[Fault, ...]
    is_valid: bool


def check(paths: Iterable[Path], *, root: Path | None = None, strict: bool = False) -> list[Result]:
    """Check files, and the polyaxonfiles in folders. With `strict`, warnings make a file invalid too.

    `root` is the dags folder; by default the folder that is given, and for a file the working directory if that is
    around it, or else its own folder.
    """
    return [
        check_file(file, root=root or around, strict=strict)
        for path in paths
        for file, around in _files(path)
    ]


def check_file(path: Path, *, root: Path | None = None, strict: bool = False) -> Result:
    """Check one file, up to whether it compiles."""
    kind = None
    try:
        reading = read(path, root=root)
        kind = reading.kind
        faults: tuple[Fault, ...] = reading.warnings
        compile_operation(reading.operation, sources=reading.sources)
    except FaultsError as error:
        faults = error.faults
    is_valid = not any(strict or fault.severity == "error" for fault in faults)
    return Result(str(path), kind, faults, is_valid)


def polyaxonfiles(folder: Path) -> list[Path]:
    """The polyaxonfiles of a folder and of the folders in it, its presets and components among them."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return [file for file in files if _is_part(file, folder) or is_polyaxonfile(file, folder)]


def _is_part(file: Path, folder: Path) -> bool:
    place = file.relative_to(folder).parts
    return len(place) == 2 and place[0] in ASIDE and file.name != LOCK


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """The files that a path means, each with the folder that its references cannot leave."""
    if path.is_dir():
        yield from ((file, path) for file in polyaxonfiles(path))
    else:
        here = Path.cwd()
        yield path, here if path.resolve().is_relative_to(here) else path.parent
