"""Paths that cannot leave the folder they belong to, and files that are never seen half-written."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import ForbiddenPathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def relative(path: str) -> str:
    """The plain form of a path below a root: no `.`, no doubled or trailing slash; "" for the root itself.

    Raises ForbiddenPathError for one that is absolute or climbs with `..`.

    >>> relative("./data//train/"), relative("")
    ('data/train', '')
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise ForbiddenPathError(f"path '{path}' leaves its folder. Write it relative to that, without '..'")
    return "/".join(parts)


def inside(root: Path, path: str) -> Path:
    """`root / path`. Raises ForbiddenPathError if the path, or a symbolic link on its way, leads out of the root."""
    joined = root / relative(path)
    if not joined.resolve().is_relative_to(root.resolve()):
        raise ForbiddenPathError(f"path '{path}' leads out of '{root}' through a symbolic link")
    return joined


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a file to; it takes its place when the block ends well. Missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
