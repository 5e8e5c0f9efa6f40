"""What a run made and took, read from its folder.

Three sources, the first that names something counts: what training code logged (`lineages.plx.json`, spec section 5.4),
what init steps put in place (`lineages.init.jsonl`), and what lies in `outputs` besides.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.artifacts.paths import relative
from polyaxon_airflow.errors import ForbiddenPathError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

LOGGED = "lineages.plx.json"
INIT = "lineages.init.jsonl"  # one JSON object a line
OUTPUTS = "outputs"


class Made(NamedTuple):
    """One artifact of a run."""

    name: str
    kind: str  # traceml's: metric, model, coderef, file, dir, ...
    path: str | None  # below the run's folder; None for what is no file, such as a commit
    summary: Mapping[str, Any]
    is_input: bool


def read_lineage(folder: Path) -> list[Made]:
    """The artifacts of a run, by name. What cannot be read, since the run died while it wrote, is left out."""
    found = [*_logged(folder), *_noted(folder)]
    named = {made.path for made in found}
    found += [made for made in _outputs(folder) if made.path not in named]
    unique = {(made.name, made.is_input): made for made in reversed(found)}
    return sorted(unique.values(), key=lambda made: (made.name, made.is_input))


def note(folder: Path, made: Made) -> None:
    """Add what an init step put in place."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / INIT).open("a", encoding="utf-8") as file:
        file.write(json.dumps(made._asdict()) + "\n")


def _logged(folder: Path) -> Iterator[Made]:
    entries = _json(_text(folder / LOGGED))
    yield from _entries(entries if isinstance(entries, list) else (), folder.name)


def _noted(folder: Path) -> Iterator[Made]:
    yield from _entries(map(_json, _text(folder / INIT).splitlines()), folder.name)


def _outputs(folder: Path) -> Iterator[Made]:
    """The files and folders right below `outputs`."""
    outputs = folder / OUTPUTS
    for entry in sorted(outputs.iterdir()) if outputs.is_dir() else ():
        if not entry.is_symlink() and not entry.name.startswith("."):
            kind, summary = ("dir", {}) if entry.is_dir() else ("file", {"size": entry.stat().st_size})
            yield Made(entry.name, kind, f"{OUTPUTS}/{entry.name}", summary, is_input=False)


def _entries(entries: Iterable[Any], uuid: str) -> Iterator[Made]:
    for entry in entries:
        if isinstance(entry, dict) and entry.get("name") and entry.get("kind"):
            path = _below_run(entry.get("path"), uuid)
            is_input = bool(entry.get("is_input"))
            yield Made(str(entry["name"]), str(entry["kind"]), path, entry.get("summary") or {}, is_input)


def _below_run(path: Any, uuid: str) -> str | None:
    """A path relative to the run's folder; code may have logged it as it saw it. None for one from elsewhere."""
    if not isinstance(path, str):
        return None
    before, found, below = path.partition(f"{uuid}/")
    try:
        return relative(below if found and (not before or before.endswith("/")) else path)
    except ForbiddenPathError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
