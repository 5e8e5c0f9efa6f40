"""Whose a polyaxonfile is, for commands that have no Airflow to ask."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from polyaxon_airflow.queues.lookup import Requester

if TYPE_CHECKING:
    from pathlib import Path

    from polyaxon_airflow.queues.lookup import Queues


def requester_of(file: Path, root: Path, queues: Queues | None) -> Requester:
    """By the file's folder below the dags folder `root`, and the settings that Airflow would read."""
    above, parent = root.resolve(), file.resolve().parent
    folder = parent.relative_to(above).as_posix() if parent.is_relative_to(above) else ""
    project, owner = (
        os.environ.get(f"AIRFLOW__POLYAXON__{name}", "default") for name in ("PROJECT", "OWNER")
    )
    if queues is None:
        return Requester(project, owner, folder)
    return queues.requester(folder, project=project, owner=owner)
