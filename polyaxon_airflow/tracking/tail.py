"""What was appended to a file since the last look."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AT_ONCE = 4 << 20  # bytes


@dataclass(frozen=True)
class Growth:
    """What a look found. `again`: the file was replaced or cut, and `appended` begins at its start once more."""

    appended: bytes = b""
    again: bool = False


class Tail:
    """Reads a file as it grows, also one that is not there yet. It polls: network file systems tell nobody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._inode: int | None = None

    def skip(self) -> None:
        """Leave out what the file holds now."""
        try:
            stat = self.path.stat()
        except OSError:
            return
        self._offset, self._inode = stat.st_size, stat.st_ino

    def read(self) -> Growth:
        """What is new, up to 4 MiB; nothing if the file is not there or cannot be read now."""
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
                again = self._offset > 0 and (stat.st_ino != self._inode or stat.st_size < self._offset)
                self._offset, self._inode = 0 if again else self._offset, stat.st_ino
                file.seek(self._offset)
                appended = file.read(_AT_ONCE)
        except OSError:
            return Growth()
        self._offset += len(appended)
        return Growth(appended, again)
