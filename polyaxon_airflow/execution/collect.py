"""`collect`: what a run leaves in its folder, for the store and for the operations after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.runtimes.context import METRICS_FILE, OUTPUTS_FILE
from polyaxon_airflow.tracking import Tracker, read_outputs, read_snapshot
from polyaxon_airflow.tuning.objective import objective_of

if TYPE_CHECKING:
    from pathlib import Path

    from polyaxon_airflow.compiler import CompiledOperation

SNAPSHOT = "run.plx.json"  # traceml's


def tracker_of(compiled: CompiledOperation, folder: Path, runs: Path | None, uuid: str) -> Tracker:
    """Reads the metrics of a run. `folder`: the run's own; `runs`: where the tracking library writes in its offline mode.

    The log is searched for the metrics that the polyaxonfile names.
    """
    names = {io.name for io in compiled.outputs or () if io.type == "metric"}
    objective = objective_of(compiled)
    if objective is not None:
        names.add(objective.metric)
    stopping = getattr(compiled.matrix, "early_stopping", None)
    names |= {entry.metric for entry in stopping or () if getattr(entry, "metric", None)}
    return Tracker(names=names, runs=runs, uuid=uuid, metrics_file=folder / METRICS_FILE)


def outputs_in(folder: Path) -> dict[str, Any]:
    """The outputs that training code wrote. Raises TrackingError if its outputs file is not one JSON object."""
    found: dict[str, Any] = {}
    if (text := _text(folder / SNAPSHOT)) is not None and (snapshot := read_snapshot(text)) is not None:
        found |= snapshot.outputs
    if (text := _text(folder / OUTPUTS_FILE)) is not None:
        found |= read_outputs(text)
    return found


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
