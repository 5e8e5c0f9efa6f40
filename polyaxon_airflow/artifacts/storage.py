"""Files under one root: a local folder, or a bucket through fsspec. Paths are relative to the root, `/` between parts.

A root is a path, or a URL such as `s3://bucket/runs`, `gs://...`, `az://...`; `wasbs://c@account.blob.core.windows.net`
is understood as Polyaxon writes it. Whatever is written appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from polyaxon_airflow.artifacts.options import address_of
from polyaxon_airflow.artifacts.paths import inside, relative, written_whole
from polyaxon_airflow.errors import FilesError, MissingFilesError, UnreachableFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Entry(NamedTuple):
    """A file below a folder."""

    path: str  # relative to that folder
    size: int  # bytes


class Stat(NamedTuple):
    """What is at a path."""

    kind: Literal["file", "folder"]
    size: int  # bytes; 0 for a folder


class Storage(Protocol):
    """Files under one root. Every method raises FilesError: ForbiddenPathError for a path that leaves the root,
    UnreachableFilesError for what a retry may cure.
    """

    root: str

    def stat(self, path: str) -> Stat | None:
        """What is there; None for nothing. A folder of a bucket is one that has files."""

    def files(self, folder: str) -> Iterator[Entry]:
        """All files below a folder, at any depth; nothing if there is no such folder."""

    def fetch(self, path: str, target: Path) -> None:
        """Copy a file out. Raises MissingFilesError."""

    def put(self, source: Path, path: str) -> None:
        """Copy a file in."""

    def read(self, path: str) -> bytes:
        """The content of a small file. Raises MissingFilesError."""

    def write(self, path: str, content: bytes) -> None:
        """A small file."""

    def remove(self, path: str) -> None:
        """Delete a file, if it is there."""


def open_storage(root: str, variables: Mapping[str, str] | None = None) -> Storage:
    """The storage of a root. `variables` hold credentials under their usual names (`options`); by default the
    environment's.

    Raises FilesError for a protocol whose package is not installed.
    """
    scheme, _, rest = root.partition("://")
    if not rest and "://" not in root:
        return LocalStorage(root)
    if scheme == "file":
        return LocalStorage(rest)
    return RemoteStorage(root, os.environ if variables is None else variables)


class LocalStorage:
    """A folder of this machine."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._folder = Path(root).expanduser()

    def path(self, path: str) -> Path:
        """Where a path of the storage is on this machine."""
        return inside(self._folder, path)

    def stat(self, path: str) -> Stat | None:
        found = inside(self._folder, path)
        if found.is_dir():
            return Stat("folder", 0)
        return Stat("file", found.stat().st_size) if found.is_file() else None

    def files(self, folder: str) -> Iterator[Entry]:
        """Symbolic links that lead out of the root, or nowhere, are left out; those to folders are not entered."""
        base = inside(self._folder, folder)
        for place, folders, names in os.walk(base):
            folders.sort()
            for name in sorted(names):
                path = Path(place, name)
                if path.is_file() and path.resolve().is_relative_to(self._folder.resolve()):
                    yield Entry(path.relative_to(base).as_posix(), path.stat().st_size)

    def fetch(self, path: str, target: Path) -> None:
        source = inside(self._folder, path)
        if not source.is_file():
            raise MissingFilesError(f"there is no file '{path}' in {self.root}")
        _copy(source, target)

    def put(self, source: Path, path: str) -> None:
        _copy(source, inside(self._folder, path))

    def read(self, path: str) -> bytes:
        try:
            return inside(self._folder, path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise MissingFilesError(f"there is no file '{path}' in {self.root}") from error

    def write(self, path: str, content: bytes) -> None:
        with written_whole(inside(self._folder, path)) as part:
            part.write_bytes(content)

    def remove(self, path: str) -> None:
        inside(self._folder, path).unlink(missing_ok=True)


class RemoteStorage:
    """A bucket, through fsspec."""

    def __init__(self, root: str, variables: Mapping[str, str]) -> None:
        from fsspec.core import url_to_fs

        url, options = address_of(root, variables)
        self.root = root.rstrip("/")
        try:
            self._system, base = url_to_fs(url, use_listings_cache=False, **options)
        except (ImportError, ValueError) as error:
            raise FilesError(f"{self.root} cannot be used: {error}") from error
        self._base = base.rstrip("/")

    def stat(self, path: str) -> Stat | None:
        try:
            found = self._ask(self._system.info, self._full(path))
        except MissingFilesError:
            return None
        return Stat("folder", 0) if found["type"] == "directory" else Stat("file", int(found["size"] or 0))

    def files(self, folder: str) -> Iterator[Entry]:
        base = self._full(folder)
        try:
            found = self._ask(self._system.find, base, detail=True)
        except MissingFilesError:
            return
        for path, entry in sorted(found.items()):
            name = path.removeprefix(base).lstrip("/")
            if name and not path.endswith("/"):  # a key that ends so only stands for a folder
                yield Entry(relative(name), int(entry["size"] or 0))

    def fetch(self, path: str, target: Path) -> None:
        found = self.stat(path)
        if found is None or found.kind != "file":
            raise MissingFilesError(f"there is no file '{path}' in {self.root}")
        with written_whole(target) as part:
            self._ask(self._system.get_file, self._full(path), str(part))

    def put(self, source: Path, path: str) -> None:
        self._ask(self._system.put_file, str(source), self._full(path))

    def read(self, path: str) -> bytes:
        content: bytes = self._ask(self._system.cat_file, self._full(path))
        return content

    def write(self, path: str, content: bytes) -> None:
        self._ask(self._system.pipe_file, self._full(path), content)

    def remove(self, path: str) -> None:
        try:
            self._ask(self._system.rm_file, self._full(path))
        except MissingFilesError:
            return

    def _full(self, path: str) -> str:
        return f"{self._base}/{relative(path)}".rstrip("/")

    def _ask(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options)
        except FileNotFoundError as error:
            raise MissingFilesError(f"there is no '{arguments[0]}' in {self.root}") from error
        except PermissionError as error:
            raise FilesError(
                f"{self.root} refuses access: {_first_line(error)}. Check the credentials"
            ) from error
        # Every cloud has errors of its own for a network that fails, with no base in common.
        except Exception as error:
            raise UnreachableFilesError(f"{self.root} does not answer: {_first_line(error)}") from error


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return  # a run's own directory stands in the store itself on a single machine
    with written_whole(target) as part:
        shutil.copy2(source, part)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
