"""Bringing the components that urls and the hub hold into the dags folder, once, before anything is parsed.

`components/allowed.txt` says from where: one pattern a line, such as `https://raw.githubusercontent.com/acme/*` or
`hub:kaniko:*`; `*` stands for anything. What is fetched is pinned by its hash in `components/components.lock.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.parsing import parse
from polyaxon_airflow.polyaxonfile.references import FOLDER, LOCK, Locked, read_lock
from polyaxon_airflow.polyaxonfile.sources import walk
from polyaxon_airflow.sections.build import Build
from polyaxon_airflow.source import MAX_BYTES, read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from polyaxon_airflow.polyaxonfile.operation import Operation

HUB = "https://raw.githubusercontent.com/polyaxon/polyaxon-hub/master"
ALLOWED = "allowed.txt"


@dataclass(frozen=True)
class Fetched:
    """What happened to one reference."""

    reference: str  # "hubRef kaniko:latest"
    url: str
    file: str
    is_new: bool  # not the bytes that the lock file had


def fetch(
    root: Path,
    files: Iterable[Path],
    download: Callable[[str], bytes],
    *,
    allowed: Sequence[str] = (),
    hub: str = HUB,
    update: bool = False,
) -> list[Fetched]:
    """Fetch what the polyaxonfiles refer to and the folder of components does not have yet; with `update`, all of it.

    `download` gives the bytes of a url and raises OSError. Raises PolyaxonfileError with every file that cannot be read
    and every reference that is not allowed, not there or no component; what could be fetched is kept all the same.
    """
    folder = root / FOLDER
    lock = dict(read_lock(folder))
    patterns = (*read_allowed(folder), *allowed)
    faults: list[Fault] = []
    waiting = [reference for file in files for reference in _references_in(file, faults)]
    done: dict[str, Fetched] = {}
    while waiting:
        reference = waiting.pop(0)
        if reference in done or (reference in lock and not update):
            continue
        try:
            text = _download(reference, url_of(reference, hub), patterns, download)
            waiting += references_of(parse(read_document(text, file=reference)))
        except PolyaxonfileError as error:
            faults += error.faults
            continue
        done[reference] = _store(folder, lock, reference, url_of(reference, hub), text)
    _write_lock(folder, lock)
    if faults:
        raise PolyaxonfileError(faults)
    return list(done.values())


def references_of(operation: Operation) -> Iterator[str]:
    """The urls and hub components that an operation and all inside of it refer to: `urlRef https://...`."""
    for layer, _ in walk(operation):
        if layer.component is None and layer.hub_ref:
            yield f"hubRef {layer.hub_ref}"
        if layer.component is None and layer.url_ref:
            yield f"urlRef {layer.url_ref}"
        hooks = layer.hooks if isinstance(layer.hooks, list) else []
        yield from (f"hubRef {hook.hub_ref}" for hook in hooks)
        if isinstance(layer.build, Build):
            yield f"hubRef {layer.build.hub_ref}"


def url_of(reference: str, hub: str = HUB) -> str:
    """Where a reference is fetched from.

    >>> url_of("hubRef kaniko")
    'https://raw.githubusercontent.com/polyaxon/polyaxon-hub/master/kaniko/latest.yaml'
    """
    kind, _, text = reference.partition(" ")
    if kind == "urlRef":
        return text
    name, _, version = text.partition(":")
    return f"{hub}/{name.removeprefix('polyaxon/')}/{version or 'latest'}.yaml"


def read_allowed(folder: Path) -> list[str]:
    """The patterns of the allow-list in a folder of components; none if there is no list."""
    path = folder / ALLOWED
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def is_allowed(reference: str, url: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns takes a reference or the url that it stands for."""
    kind, _, text = reference.partition(" ")
    names = [url, f"hub:{text}"] if kind == "hubRef" else [url]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _references_in(file: Path, faults: list[Fault]) -> list[str]:
    """The references of a file; what is wrong with the file goes to the faults."""
    try:
        return list(references_of(parse(read_document(file))))
    except PolyaxonfileError as error:
        faults += error.faults
        return []


def _download(reference: str, url: str, patterns: Iterable[str], download: Callable[[str], bytes]) -> str:
    if not is_allowed(reference, url, patterns):
        kind, _, text = reference.partition(" ")
        line = f"hub:{text}" if kind == "hubRef" else url
        suggestion = f"Add '{line}', or a pattern such as '{_wider(line)}', to {FOLDER}/{ALLOWED}."
        raise PolyaxonfileError([Fault(f"{reference} is not allowed", suggestion=suggestion, rule="fetch")])
    try:
        content = download(url)
        if len(content) > MAX_BYTES:
            raise PolyaxonfileError([Fault(f"{reference}: more than {MAX_BYTES:,} bytes", rule="fetch")])
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolyaxonfileError(
            [Fault(f"{reference} cannot be fetched from {url}: {error}", rule="fetch")]
        ) from error


def _wider(line: str) -> str:
    return f"{line.rpartition('/')[0]}/*" if "/" in line else f"{line.partition(':')[0]}:*"


def _store(folder: Path, lock: dict[str, Locked], reference: str, url: str, text: str) -> Fetched:
    content = text.encode("utf-8")
    digest = hashlib.sha256(content).hexdigest()
    slug = re.sub(r"[^a-zA-Z0-9]+", "-", reference.partition(" ")[2].removeprefix("https://")).strip("-")[
        -60:
    ]
    name = f"{slug}-{digest[:8]}.yaml"
    is_new = reference not in lock or lock[reference].sha256 != digest
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    lock[reference] = Locked(name, digest)
    return Fetched(reference, url, name, is_new)


def _write_lock(folder: Path, lock: Mapping[str, Locked]) -> None:
    if lock:
        entries = {reference: locked._asdict() for reference, locked in sorted(lock.items())}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
