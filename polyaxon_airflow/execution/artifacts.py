"""What a run takes from the artifacts store, and what it leaves there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.lineage import read_lineage
from polyaxon_airflow.artifacts.runs import RunFiles
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.init.references import REFERENCES, Lineage, literal
from polyaxon_airflow.store import Artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from polyaxon_airflow.artifacts.storage import Storage
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.init.references import Version
    from polyaxon_airflow.sections.connections import Connection
    from polyaxon_airflow.store import RunStore

# Kinds of artifacts that a version of an artifact may be; what else a run logs describes it.
ARTIFACT_KINDS = ("artifact", "data", "dataframe", "dir", "file", "table")


@dataclass(frozen=True)
class ArtifactsStore:
    """The artifacts store, as runs of this machine use it."""

    connection: Connection  # as their containers see it
    open: Callable[[], Storage]
    is_local: bool  # whether nothing has to be brought there from this machine

    def restore(self, uuid: str, folder: Path) -> None:
        """What an earlier attempt left, if it ran on another machine. Raises FilesError."""
        if not self.is_local and not folder.exists():
            RunFiles(self.open(), uuid).restore(folder)

    def collect(self, uuid: str, folder: Path, try_number: int) -> None:
        """Bring a run's folder into the store. Raises FilesError."""
        if not self.is_local and folder.exists():
            RunFiles(self.open(), uuid).collect(folder, try_number)

    def discard(self, folder: Path) -> None:
        """Remove a run's folder, unless it is the store's own."""
        if not self.is_local:
            shutil.rmtree(folder, ignore_errors=True)


def log_lineage(store: RunStore, uuid: str, folder: Path) -> None:
    """What a run made and took, from its folder to the run store."""
    if artifacts := [Artifact(*made) for made in read_lineage(folder)]:
        store.lineage.log(uuid, artifacts)


def with_sources(operation: CompiledOperation, store: RunStore, at: datetime) -> CompiledOperation:
    """The operation with paths where its `init` refers to what other runs made. Raises CompilationError."""
    if not any(step.source in REFERENCES for step in _steps(operation)):
        return operation
    run = operation.run.to_dict()
    for path in operation.run.pods():
        pod = run
        for key in path:
            pod = pod[key]
        entries = [
            literal(Init.model_validate(entry), lambda ref: _paths(ref, store, at))
            for entry in pod.get("init") or ()
        ]
        pod["init"] = [
            {key: value for key, value in entry.to_dict().items() if value is not None} for entry in entries
        ]
    return operation.model_copy(update={"run": type(operation.run).model_validate(run)})


def run_names(operation: CompiledOperation, store: RunStore) -> dict[str, str]:
    """Uuid -> name of the runs whose events `init` shows by name."""
    uuids = {uuid for step in _steps(operation) for uuid in _shown_by_name(step)}
    runs = [store.runs.get(uuid) for uuid in sorted(uuids)]
    return {run.uuid: run.name for run in runs if run is not None}


def _steps(operation: CompiledOperation) -> Iterator[Init]:
    for pod in operation.run.pods().values():
        yield from (step for step in pod.init or () if isinstance(step, Init))


def _shown_by_name(step: Init) -> Sequence[str]:
    board: Any = step.tensorboard
    return board.uuids if getattr(board, "use_names", None) and isinstance(board.uuids, list) else ()


def _paths(reference: Version | Lineage, store: RunStore, at: datetime) -> list[str]:
    """Paths in the artifacts store.

    A version is a tag: that of the last run of its project that succeeded with it.
    """
    if isinstance(reference, Lineage):
        return [path for name, _, path in _made(reference.uuid, store) if name == reference.name]
    query = f'status:succeeded, tags:"{reference.version}"'
    found = store.runs.find(query, sort="-created_at", project=reference.project, at=at)
    runs = [run for run in found if reference.owner in (None, run.owner)][:1]
    kinds = ("model",) if reference.kind == "model" else ARTIFACT_KINDS
    return [path for run in runs for _, kind, path in _made(run.uuid, store) if kind in kinds]


def _made(uuid: str, store: RunStore) -> list[tuple[str, str, str]]:
    """Name, kind and path in the artifacts store of the files that a run made."""
    made = [artifact for artifact in store.lineage.artifacts(uuid) if not artifact.is_input and artifact.path]
    return [(artifact.name, artifact.kind, f"{uuid}/{artifact.path}") for artifact in made]
