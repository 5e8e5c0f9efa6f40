"""The folders of runs in the artifacts store: one a run, named by its uuid (spec section 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyaxon_airflow.artifacts.paths import relative
from polyaxon_airflow.artifacts.storage import LocalStorage, Storage
from polyaxon_airflow.artifacts.transfer import Moved, pull, pull_folder, push
from polyaxon_airflow.errors import UnreachableFilesError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

UPLOADS = ".plx-uploads"  # folder in a run's: a file for each attempt whose upload has not ended
_UUID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class RunFiles:
    """The files of one run in the artifacts store.

    An upload is marked before its first byte and until after its last, so one that was cut off is never taken for
    the whole: `refuse_unfinished`. Files that a run writes straight into the store, as on a single machine, can be
    read while it goes on.
    """

    storage: Storage
    uuid: str

    def collect(
        self, folder: Path, try_number: int = 1, *, copied: Container[str] = (), writer: str = ""
    ) -> Moved:
        """Bring the run's folder into the store, unless it stands there already. Raises FilesError.

        `copied`: paths that are in the store as they are here. `writer`: which of several that write for one attempt,
        as the pods of a distributed run do. Attempts that write over each other leave whole files; marks of earlier
        attempts go with the last one's.
        """
        if self.is_at(folder):
            return Moved(0, 0)
        mark = f"{try_number:04}-{writer}"
        self.storage.write(f"{self.uuid}/{UPLOADS}/{mark}", b"")
        left = [entry for entry in LocalStorage(str(folder)).files("") if entry.path not in copied]
        moved = push(self.storage, folder, left, self.uuid)
        for entry in list(self.storage.files(f"{self.uuid}/{UPLOADS}")):
            if entry.path == mark or entry.path[:4] < mark[:4]:
                self.storage.remove(f"{self.uuid}/{UPLOADS}/{entry.path}")
        return moved

    def restore(self, folder: Path) -> Moved:
        """Bring what an earlier attempt left in the store back into the run's folder. Raises FilesError."""
        if self.is_at(folder) or self.storage.stat(self.uuid) is None:
            return Moved(0, 0)
        copies = pull_folder(self.storage, self.uuid, folder.parent, folder.name)
        return pull(self.storage, [copy for copy in copies if UPLOADS not in copy.source])

    def is_whole(self) -> bool:
        """Whether no upload to it goes on, or was cut off."""
        return not any(True for _ in self.storage.files(f"{self.uuid}/{UPLOADS}"))

    def is_at(self, folder: Path) -> bool:
        """Whether the folder is the run's own in the store, as on a single machine."""
        local = self.storage.path(self.uuid) if isinstance(self.storage, LocalStorage) else None
        return local is not None and local.exists() and folder.exists() and local.samefile(folder)


def run_of(path: str) -> str | None:
    """The uuid of the run whose folder a path of the store is in, if any.

    >>> run_of("8aac02e3a62a4f0aaa257c59da5eab80/outputs/model")
    '8aac02e3a62a4f0aaa257c59da5eab80'
    """
    first = relative(path).partition("/")[0]
    return first if _UUID.fullmatch(first) else None


def refuse_unfinished(storage: Storage, path: str) -> None:
    """Raise UnreachableFilesError if a path is in the folder of a run whose upload has not ended."""
    uuid = run_of(path)
    if uuid is not None and not RunFiles(storage, uuid).is_whole():
        raise UnreachableFilesError(
            f"the artifacts of run {uuid} are not all in {storage.root}: their upload goes on, or was cut off. "
            "Try again; if it stays so, run that operation again"
        )
