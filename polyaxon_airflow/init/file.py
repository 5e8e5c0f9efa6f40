"""`init: [{file: {filename, content, kind, chmod}}]`: one file, written in the polyaxonfile itself."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.lineage import Made, note
from polyaxon_airflow.artifacts.paths import inside, written_whole
from polyaxon_airflow.errors import InitError
from polyaxon_airflow.init.codes import USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

UNNAMED = "file"  # as in Polyaxon
_MODE = re.compile(r"[0-7]{1,4}|[ugoa]*[-+=][rwxXst]*(,[ugoa]*[-+=][rwxXst]*)*")


def run(options: Mapping[str, Any]) -> str:
    """Write the file and a copy among the run's outputs.

    Options: `to`, a folder; `content`; `filename`, `kind` and `chmod` as in the polyaxonfile; `run`, the run's
    directory. Raises InitError and FilesError.
    """
    name = options.get("filename") or UNNAMED
    mode = options.get("chmod")
    if mode and not _MODE.fullmatch(str(mode)):
        raise InitError(f"'{mode}' is no mode of a file. Write it as for chmod, such as \"755\" or +x", USAGE)
    target = inside(Path(options["to"]), name)
    write(target, options["content"], mode)
    note_written(options, target, options.get("kind"))
    return f"wrote {target}"


def write(target: Path, content: str, mode: str | None = None) -> None:
    """Write a text whole; `mode` as for chmod."""
    with written_whole(target) as part:
        part.write_text(content, encoding="utf-8", newline="")
    if mode:
        subprocess.run(["chmod", str(mode), str(target)], check=True)  # noqa: S607 - the image's own


def note_written(options: Mapping[str, Any], target: Path, kind: str | None) -> None:
    """Copy what was written to the run's outputs, as Polyaxon does, and note it for the lineage."""
    if options.get("run") is None:
        return
    copy = inside(Path(options["run"]) / "outputs", target.name)
    copy.parent.mkdir(parents=True, exist_ok=True)
    if not (copy.exists() and copy.samefile(target)):
        shutil.copy(target, copy)
    kind = kind or ("dockerfile" if "dockerfile" in target.name.lower() else "file")
    summary = {"hash": hashlib.sha256(target.read_bytes()).hexdigest()}
    note(Path(options["run"]), Made(target.name, kind, f"outputs/{target.name}", summary, is_input=True))
