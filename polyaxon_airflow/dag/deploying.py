"""This deployment, as plans see it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.connections.catalogue import catalogue_of
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.queues.lookup import Queues, Requester
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.source import stamp

if TYPE_CHECKING:
    from polyaxon_airflow.dag.settings import Shaping


def deployment_of(file: Path, source: Path, told: Shaping) -> Deployment:
    """The deployment as its settings have it, for a polyaxonfile below the dags folder `source`.

    Raises PolyaxonfileError for faults of its queues file or its connections file: what stands in them decides which
    polyaxonfiles are right.
    """
    folder = file.parent.relative_to(source).as_posix() if file.is_relative_to(source) else "."
    queues = _queues(told.queues_file, stamp(Path(told.queues_file))) if told.queues_file else None
    zone = "UTC" if told.timezone.lower() in ("utc", "system") else told.timezone
    return Deployment(
        timezone=zone,
        catchup=told.catchup,
        queues=queues,
        requester=_requester("" if folder == "." else folder, told, queues),
        queues_file=told.queues_file or None,
        connections=catalogue_of(Path(told.connections_file)) if told.connections_file else None,
        connections_file=told.connections_file or None,
    )


def _requester(folder: str, told: Shaping, queues: Queues | None) -> Requester:
    if queues is None:
        return Requester(told.project, told.owner, folder)
    return queues.requester(folder, project=told.project, owner=told.owner)


@lru_cache(maxsize=4)
def _queues(file: str, _stamp: object) -> Queues:
    return read_queues(Path(file), file=file)
