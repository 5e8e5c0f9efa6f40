"""Many files at once, in and out of a storage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from polyaxon_airflow.artifacts.paths import inside, relative
from polyaxon_airflow.errors import MissingFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from polyaxon_airflow.artifacts.storage import Entry, Storage

Item = TypeVar("Item")

WORKERS = 8  # files at once, where nobody says


class Copy(NamedTuple):
    """One file on its way."""

    source: str  # path in the storage
    target: Path
    size: int  # bytes


class Moved(NamedTuple):
    """What was copied."""

    files: int
    size: int  # bytes


def pull_file(storage: Storage, source: str, to: Path, name: str) -> list[Copy]:
    """The copy of one file to `to / name`. Raises MissingFilesError."""
    found = storage.stat(source)
    if found is None or found.kind != "file":
        raise _missing(storage, "file", source)
    return [Copy(relative(source), inside(to, name), found.size)]


def pull_folder(storage: Storage, source: str, to: Path, name: str) -> list[Copy]:
    """The copies of all files below a folder to `to / name`. Raises MissingFilesError if there is no such folder."""
    base = relative(source)
    entries = list(storage.files(base))
    if not entries and storage.stat(base) is None:
        raise _missing(storage, "folder", source)
    target = inside(to, name)
    return [
        Copy(f"{base}/{entry.path}".lstrip("/"), inside(target, entry.path), entry.size) for entry in entries
    ]


def pull_any(storage: Storage, source: str, to: Path, name: str) -> list[Copy]:
    """A file or a folder, whichever is there. Raises MissingFilesError."""
    found = storage.stat(source)
    return (pull_file if found is not None and found.kind == "file" else pull_folder)(
        storage, source, to, name
    )


def pull(storage: Storage, copies: Sequence[Copy], workers: int = WORKERS) -> Moved:
    """Copy files out of a storage, several at once. Raises FilesError: that of the first file that fails."""
    _all(lambda copy: storage.fetch(copy.source, copy.target), copies, workers)
    return Moved(len(copies), sum(copy.size for copy in copies))


def push(
    storage: Storage, folder: Path, entries: Sequence[Entry], path: str, workers: int = WORKERS
) -> Moved:
    """Copy files of a local folder into a folder of a storage, several at once. Raises FilesError."""
    _all(lambda entry: storage.put(folder / entry.path, f"{path}/{entry.path}"), entries, workers)
    return Moved(len(entries), sum(entry.size for entry in entries))


def _all(work: Callable[[Item], None], items: Iterable[Item], workers: int) -> None:
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    try:
        for done in [pool.submit(work, item) for item in items]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)  # after a failure, what has not begun need not


def _missing(storage: Storage, kind: str, path: str) -> MissingFilesError:
    return MissingFilesError(f"there is no {kind} '{path}' in {storage.root}")
