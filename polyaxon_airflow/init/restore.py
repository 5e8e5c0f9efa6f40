"""What an earlier attempt of the same run left in the artifacts store, back in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.runs import RunFiles
from polyaxon_airflow.artifacts.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(options: Mapping[str, Any]) -> str:
    """Copy the files. Options: `root`, `uuid`, and `to`, the run's folder. Raises FilesError."""
    run_files = RunFiles(open_storage(options["root"]), options["uuid"])
    moved = run_files.restore(Path(options["to"]))
    return f"brought {moved.files} files ({moved.size / 1e6:.1f} MB) of the attempt before back"
