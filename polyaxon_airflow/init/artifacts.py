"""`init: [{artifacts: {files, dirs}}]`, `[{paths: ...}]`, `[{connection: bucket}]`: files from a store of artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.runs import refuse_unfinished
from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.artifacts.transfer import WORKERS, Copy, pull, pull_any, pull_file, pull_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from polyaxon_airflow.artifacts.storage import Storage

    Pull = Callable[[Storage, str, Path, str], list[Copy]]


def run(options: Mapping[str, Any]) -> str:
    """Copy files.

    Options: `root`, a folder or URL; `to`, a folder; `files`, `dirs` and `paths`, each a list of a path or a pair of
    paths, from and to; `workers`. Without any of the three, all that is below the root. Raises FilesError.
    """
    storage = open_storage(options["root"])
    target = Path(options["to"])
    copies = [
        copy
        for pull_one, source, name in _asked(options)
        for copy in _whole(pull_one, storage, source, target, name)
    ]
    target.mkdir(parents=True, exist_ok=True)
    moved = pull(storage, copies, options.get("workers") or WORKERS)
    return f"copied {moved.files} files ({moved.size / 1e6:.1f} MB) from {storage.root} to {target}"


def _asked(options: Mapping[str, Any]) -> Iterator[tuple[Pull, str, str]]:
    """How to pull, from where, to where below the target."""
    # What a ref to another run gives is in `dirs`, though it may be a file.
    kinds: tuple[tuple[str, Pull], ...] = (("files", pull_file), ("dirs", pull_any), ("paths", pull_any))
    if not any(options.get(kind) for kind, _ in kinds):
        yield pull_folder, "", ""
    for kind, pull_one in kinds:
        for entry in options.get(kind) or ():
            source, name = (entry, entry) if isinstance(entry, str) else entry
            yield pull_one, source, name


def _whole(pull_one: Pull, storage: Storage, source: str, target: Path, name: str) -> list[Copy]:
    """The copies of an entry, of which no upload changes a part meanwhile."""
    refuse_unfinished(storage, source)
    copies = pull_one(storage, source, target, name)
    refuse_unfinished(storage, source)
    return copies
