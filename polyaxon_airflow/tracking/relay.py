"""What training code wrote in a container that nobody else can look into, carried over a log.

Beside the container, `python -m polyaxon_airflow.tracking FOLDER` prints what is new in the run's directory as
frames, one a line; whoever reads that log puts them together again in a folder of its own:

    for frame in Relay(folder).frames(): print(frame)      # there
    mirror = Mirror(other); mirror.take(line)              # here

Only what `Tracker` and outputs are read from is carried: metric files, the metrics file, outputs and the snapshot.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.tracking.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROWING = ("metrics.jsonl", "events/metric/*.plx")  # read from where the last look ended
WHOLE = ("outputs.json", "run.plx.json")  # small, and written anew
_PIECE = 6000  # bytes of a frame; a line of a container's log is cut at 16 KiB
_LARGEST = 1 << 20  # bytes of a file that is carried whole
_NAME = re.compile(r"metrics\.jsonl|outputs\.json|run\.plx\.json|events/metric/[^/\0]+\.plx")


class Relay:
    """Looks at the directory of a run, again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tails: dict[str, Tail] = {}
        self._seen: dict[str, tuple[int, int]] = {}  # file -> modification time, size

    def frames(self) -> Iterator[str]:
        """What is new since the last call."""
        for path in (path for pattern in GROWING for path in sorted(self._folder.glob(pattern))):
            yield from self._growth(path)
        for name in WHOLE:
            yield from self._changed(self._folder / name)

    def _growth(self, path: Path) -> Iterator[str]:
        name = path.relative_to(self._folder).as_posix()
        tail = self._tails.setdefault(name, Tail(path))
        growth = tail.read()
        while growth.appended or growth.again:
            yield from _frames(name, growth.appended, anew=growth.again)
            growth = tail.read()

    def _changed(self, path: Path) -> Iterator[str]:
        try:
            stat = path.stat()
            if self._seen.get(path.name) == (stat.st_mtime_ns, stat.st_size) or stat.st_size > _LARGEST:
                return
            content = path.read_bytes()
        except OSError:  # not there yet, or being replaced
            return
        self._seen[path.name] = (stat.st_mtime_ns, stat.st_size)
        yield from _frames(path.name, content, anew=True)


class Mirror:
    """Puts frames together again below a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, line: str) -> bool:
        """Take in a line of the relay's log; whether it was a frame. No frame can name another file than those."""
        frame = _frame(line)
        if frame is None:
            return False
        path = self._folder / frame["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if frame.get("anew") else "ab") as file:
            file.write(frame["text"].encode("latin-1"))
        return True


def _frames(name: str, content: bytes, *, anew: bool) -> Iterator[str]:
    """Frames of some bytes; latin-1 carries any byte as a character."""
    for start in range(0, max(len(content), 1), _PIECE):
        frame: dict[str, Any] = {"file": name, "text": content[start : start + _PIECE].decode("latin-1")}
        if anew and start == 0:
            frame["anew"] = True
        yield json.dumps(frame)


def _frame(line: str) -> dict[str, Any] | None:
    try:
        frame = json.loads(line)
    except ValueError:
        return None
    if not isinstance(frame, dict) or not isinstance(frame.get("text"), str):
        return None
    return frame if _NAME.fullmatch(str(frame.get("file"))) else None
