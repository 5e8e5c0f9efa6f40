"""Files that must be parsed alone, remembered between parses.

A process that parses a shard notes here which file did not load, and goes on with the others; the bundle's
next refresh gives such a file a stub of its own. The note is written before the file is tried for the first
time, so a file that kills or hangs its parser is alone at the next attempt as well.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Isolation:
    """Notes in a directory: one small JSON file for each polyaxonfile that must be alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def note(self, file: Path) -> None:
        """`file` must be alone as long as it stays as it is."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._note(file).write_text(json.dumps({"file": str(file), "is": _fingerprint(file)}))

    def forget(self, file: Path) -> None:
        """`file` has loaded."""
        self._note(file).unlink(missing_ok=True)

    def alone(self, files: Iterable[Path]) -> set[Path]:
        """Those of `files` that must be alone; notes about files that have changed or gone are dropped."""
        noted = {}
        for note in self._directory.glob("*.json"):
            said = json.loads(note.read_text())
            noted[Path(said["file"])] = (said["is"], note)
        for file, (fingerprint, note) in noted.items():
            if fingerprint != _fingerprint(file):
                note.unlink(missing_ok=True)
        return {file for file in files if file in noted and noted[file][0] == _fingerprint(file)}

    def _note(self, file: Path) -> Path:
        name = hashlib.blake2b(str(file).encode(), digest_size=16).hexdigest()
        return self._directory / f"{name}.json"


def _fingerprint(file: Path) -> list[int]:
    try:
        stat = file.stat()
    except OSError:
        return []
    return [stat.st_mtime_ns, stat.st_size]
