"""Files that appear or change in a store: `connection_dataset_version`.

    ?path=days/{day}/_SUCCESS   patterns of paths below the connection's root; `{day}` is part of the event
    ?once=true                  a path is one event, however often the file changes
    ?existing=true              what is there at the first poll counts too

A store is any that fsspec knows: a folder, S3, Google, Azure. A file has a version, its etag or else its time and size;
an event is a path with a version. One poll lists the folders that the watches of a store name, each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.artifacts.options import address_of
from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.events.patterns import Pattern
from polyaxon_airflow.events.watches import Occurrence, Watch, is_true
from polyaxon_airflow.watching import Place, Step
from polyaxon_airflow.watching.marks import mark, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

KIND = "connection_dataset_version"
ROOTS = {
    "host_path": "hostPath",
    "volume_claim": "mountPath",
    "s3": "bucket",
    "gcs": "bucket",
    "wasb": "bucket",
}
SETTLED = (
    2.0  # seconds for which a file of a folder has not changed when it counts: it may be half written before
)
_FEW = 16  # listings of one poll; folders beyond that are listed by what they have in common
_VERSIONS = ("ETag", "md5Hash", "etag", "content_md5", "checksum")
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified")
_REMEMBERED = 100_000  # marks of files that are gone, at least


class File(NamedTuple):
    """A file as a listing shows it."""

    path: str  # relative to the root
    version: str
    size: int  # bytes
    modified: str  # as the store writes it
    captured: Mapping[str, str]  # what the named parts of the pattern matched


class FilesSource:
    """The files below a connection's root."""

    def __init__(self, place: Place) -> None:
        """Raises WatchError for a connection that is no store, or whose file system is not installed."""
        root = str(place.settings.get(ROOTS.get(place.kind, "")) or "")
        if not root:
            known = ", ".join(ROOTS)
            raise WatchError(
                f"connection '{place.name}' of kind {place.kind} keeps no files; kinds that do: {known}"
            )
        self._name = place.name
        self._system, self._base = _open(place.name, root, place.variables)
        self._last: Mapping[str, str] | None = None

    def look(self, watches: Collection[Watch], now: datetime) -> FilesView:
        patterns = [pattern for watch in watches for pattern in patterns_of(watch)]
        entries: dict[str, dict[str, Any]] = {}
        for folder, depth in listings(patterns):
            entries.update(self._list(folder, depth))
        if not entries and not self._is_there():
            raise WatchError(
                f"connection '{self._name}' holds no {self._base}; is it mounted, and spelt right?"
            )
        settled = {path: entry for path, entry in entries.items() if self._is_settled(entry, now)}
        versions = {path: _version(entry) for path, entry in settled.items()}
        changed, self._last = _changed(self._last, versions), versions
        return FilesView(f"{self._protocol}{self._base}", settled, versions, changed)

    def close(self) -> None:
        self._last = None

    @property
    def _protocol(self) -> str:
        protocol = self._system.protocol
        return f"{protocol if isinstance(protocol, str) else protocol[0]}://"

    def _list(self, folder: str, depth: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
        at = f"{self._base}/{folder}".rstrip("/")
        try:
            self._system.invalidate_cache()
            found = self._system.find(at, maxdepth=depth, detail=True)
        except FileNotFoundError:
            return
        except Exception as error:  # every cloud has errors of its own, with no base in common
            raise WatchError(f"connection '{self._name}' does not answer: {_first_line(error)}") from error
        for path, entry in found.items():
            if not path.endswith("/"):  # a key that ends so only stands for a folder
                yield path.removeprefix(self._base).lstrip("/"), entry

    def _is_there(self) -> bool:
        """A folder that is not there may be a disk that is away; a bucket has no folders, so it has to be there."""
        root = self._base if self._protocol.startswith("file") else self._base.partition("/")[0]
        try:
            return bool(self._system.exists(root))
        except Exception as error:  # as in _list
            raise WatchError(f"connection '{self._name}' does not answer: {_first_line(error)}") from error

    def _is_settled(self, entry: Mapping[str, Any], now: datetime) -> bool:
        """Object stores show a file when it is whole, folders, which have times in seconds, while it grows."""
        modified = entry.get("mtime")
        return not isinstance(modified, float) or now.timestamp() - modified >= SETTLED


@dataclass(frozen=True)
class FilesView:
    """What the folders held, and which paths were added, changed or removed since the view before."""

    root: str
    entries: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    changed: frozenset[str] | None  # None: there was no view before

    def is_same_for(self, watch: Watch) -> bool:
        if self.changed is None:
            return False
        return not any(
            pattern.match(path) is not None for path in self.changed for pattern in patterns_of(watch)
        )

    def step(self, watch: Watch, cursor: Any) -> Step | None:
        once = is_true(watch.ref.option("once", "false"))
        files = {
            mark(file.path if once else f"{file.path}\0{file.version}"): file
            for file in self._matching(watch)
        }
        known = unpack(cursor["seen"]) if cursor else frozenset()
        if cursor is not None and files.keys() <= known:
            return None
        is_baseline = cursor is None and not watch.wants_existing
        fresh = [] if is_baseline else [file for marked, file in files.items() if marked not in known]
        seen = _remembered(known, frozenset(files))
        return Step(tuple(map(self._occurrence, sorted(fresh, key=_age))), {"seen": pack(seen)})

    def _matching(self, watch: Watch) -> Iterator[File]:
        patterns = patterns_of(watch)
        for path, version in self.versions.items():
            captured = next(
                (found for pattern in patterns if (found := pattern.match(path)) is not None), None
            )
            if captured is not None:
                entry = self.entries[path]
                yield File(path, version, int(entry.get("size") or 0), _modified(entry), captured)

    def _occurrence(self, file: File) -> Occurrence:
        data = {
            "path": file.path,
            "url": f"{self.root}/{file.path}",
            "version": file.version,
            "size": file.size,
            "modified_at": file.modified,
            **({"partition": dict(file.captured)} if file.captured else {}),
        }
        return Occurrence(f"{file.path}@{file.version}", KIND, file.path, data)


def patterns_of(watch: Watch) -> list[Pattern]:
    """The paths that a watch means; all if it names none."""
    return [Pattern(text) for text in watch.ref.options.get("path", ("**",))]


def listings(patterns: Collection[Pattern]) -> list[tuple[str, int | None]]:
    """Which folders to list, each once, and how deep (None: all the way) to see every match.

    >>> listings([Pattern("a/b/*.csv"), Pattern("a/b/c/{x}/done"), Pattern("logs/*")])
    [('a/b/', 3), ('logs/', 1)]
    """
    folders = {pattern.prefix for pattern in patterns}
    while len(folders) > _FEW:
        folders = {
            _parent(folder) if folder.count("/") == _deepest(folders) else folder for folder in folders
        }
    tops = [folder for folder in sorted(folders) if not any(_is_below(folder, other) for other in folders)]
    return [(top, _depth(top, patterns)) for top in tops]


def _deepest(folders: Collection[str]) -> int:
    return max(folder.count("/") for folder in folders)


def _parent(folder: str) -> str:
    return folder[: folder.rstrip("/").rfind("/") + 1]


def _is_below(folder: str, other: str) -> bool:
    return folder != other and folder.startswith(other)


def _depth(top: str, patterns: Collection[Pattern]) -> int | None:
    below = [pattern.text.removeprefix(top) for pattern in patterns if pattern.prefix.startswith(top)]
    return None if any("**" in text for text in below) else max(text.count("/") + 1 for text in below)


def _open(name: str, root: str, variables: Mapping[str, str]) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    url, options = address_of(root if "://" in root else f"file://{root}", variables)
    try:
        system, base = url_to_fs(url, use_listings_cache=False, **options)
    except (ImportError, ValueError) as error:
        raise WatchError(f"connection '{name}' cannot be used: {error}") from error
    return system, base.rstrip("/")


def _version(entry: Mapping[str, Any]) -> str:
    """What changes with a file's content, as far as its store says. Google's etag also changes with what is only
    written about an object, so that its md5 goes before.

    >>> _version({"etag": "CIDE=", "md5Hash": "xMpCOKC5I4INzFCab3WEmw==", "size": 1})
    'xMpCOKC5I4INzFCab3WEmw=='
    """
    given = next((entry[name] for name in _VERSIONS if entry.get(name)), None)
    if given is not None:
        return str(given.hex() if isinstance(given, (bytes, bytearray)) else given).strip('"')
    return f"{_modified(entry)}-{entry.get('size')}"


def _modified(entry: Mapping[str, Any]) -> str:
    value = next((entry[name] for name in _TIMES if entry.get(name)), "")
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc).isoformat()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _changed(last: Mapping[str, str] | None, versions: Mapping[str, str]) -> frozenset[str] | None:
    if last is None:
        return None
    return frozenset(path for path in last.keys() | versions.keys() if last.get(path) != versions.get(path))


def _remembered(known: frozenset[bytes], present: frozenset[bytes]) -> frozenset[bytes]:
    """What has been seen, gone or not: a disk that is away for a while comes back with nothing new on it."""
    return present if len(known | present) > max(_REMEMBERED, 2 * len(present)) else known | present


def _age(file: File) -> tuple[str, str]:
    return file.modified, file.path


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
