"""What init steps put in place, noted in the run's directory for the run's lineage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LINEAGE_FILE = "lineages.init.jsonl"  # in the run's directory: one JSON object a line


def note(
    run: str | None, *, name: str, kind: str, path: str | None = None, summary: Mapping[str, Any]
) -> None:
    """Add an input of the run whose directory is `run`; `path` is relative to that."""
    if run is None:
        return
    entry = {"name": name, "kind": kind, "path": path, "summary": dict(summary), "is_input": True}
    folder = Path(run)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LINEAGE_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
