"""Bringing a run's folder into the store while the run goes on."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyaxon_airflow.artifacts.storage import LocalStorage
from polyaxon_airflow.artifacts.transfer import Moved, push

if TYPE_CHECKING:
    from pathlib import Path

    from polyaxon_airflow.artifacts.runs import RunFiles

Stamp = tuple[int, int]  # size in bytes, time of the last change in nanoseconds


@dataclass
class Following:
    """Copies what has changed since it last looked."""

    run: RunFiles
    folder: Path
    _copied: dict[str, Stamp] = field(default_factory=dict)

    def copy_changes(self) -> Moved:
        """Copy new and changed files. Raises FilesError; what was not copied then is copied next time."""
        stamps = self._stamps()
        changed = [path for path, stamp in stamps.items() if self._copied.get(path) != stamp]
        entries = [entry for entry in LocalStorage(str(self.folder)).files("") if entry.path in changed]
        moved = push(self.run.storage, self.folder, entries, self.run.uuid)
        self._copied |= {path: stamps[path] for path in changed}
        return moved

    def finish(self, try_number: int) -> Moved:
        """Copy the rest; from then on the run's folder in the store is whole. Raises FilesError."""
        stamps = self._stamps()
        same = {path for path, stamp in self._copied.items() if stamps.get(path) == stamp}
        return self.run.collect(self.folder, try_number, copied=same, writer=socket.gethostname())

    def _stamps(self) -> dict[str, Stamp]:
        found = {}
        for entry in LocalStorage(str(self.folder)).files(""):
            stat = (self.folder / entry.path).stat()
            found[entry.path] = (stat.st_size, stat.st_mtime_ns)
        return found
