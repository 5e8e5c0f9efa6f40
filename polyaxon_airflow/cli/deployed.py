"""The deployment as commands see it that need no Airflow: files beside the dags, settings of the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.checking.requester import requester_of
from polyaxon_airflow.connections.catalogue import read_catalogue
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.queues.reading import read_queues

if TYPE_CHECKING:
    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.queues.lookup import Queues


def queues_of(root: Path, given: Path | None = None) -> Queues | None:
    """The queues of a dags folder, None if it has none. Raises PolyaxonfileError."""
    file = _file(given, "QUEUES_FILE", root / "queues.yaml")
    return read_queues(file) if file is not None else None


def catalogue_of(root: Path, given: Path | None = None) -> Catalogue | None:
    """The connections of a dags folder, None if it has no file of them. Raises PolyaxonfileError."""
    file = _file(given, "CONNECTIONS_FILE", root / "connections.yaml")
    return read_catalogue(file) if file is not None else None


def deployment_for(
    file: Path, root: Path, queues: Queues | None, connections: Catalogue | None
) -> Deployment:
    """The deployment for one polyaxonfile below the dags folder."""
    return Deployment(queues=queues, connections=connections, requester=requester_of(file, root, queues))


def _file(given: Path | None, setting: str, default: Path) -> Path | None:
    """The file that is given, that Airflow's configuration names in the environment, or that is there by default."""
    named = os.environ.get(f"AIRFLOW__POLYAXON__{setting}")
    return given or (Path(named) if named else None) or (default if default.exists() else None)
