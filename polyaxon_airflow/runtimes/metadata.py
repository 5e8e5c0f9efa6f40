"""Labels and annotations by which the objects of a run are found and read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.sections.connections import Connection

UUID_LABEL = "operation.polyaxon.com/uuid"
ROLE_LABEL = "operation.polyaxon.com/role"  # of a pod among several of one run
LEADER = "leader"  # the role of the pods whose first one's log is the run's


def labels_of(own: Mapping[str, str], launch: Launch, kind: str) -> dict[str, str]:
    """The user's labels, those of the site, and those that Polyaxon sets; later ones win."""
    return {
        **own,
        **launch.site.labels,
        "app.kubernetes.io/name": label_value(launch.name),
        "app.kubernetes.io/instance": launch.uuid,
        "app.kubernetes.io/part-of": "polyaxon-runs",
        "app.kubernetes.io/component": f"polyaxon-{kind}",
        "app.kubernetes.io/managed-by": "polyaxon-airflow",
        UUID_LABEL: launch.uuid,
    }


def annotations_of(
    own: Mapping[str, str], launch: Launch, kind: str, connections: Sequence[Connection]
) -> dict[str, str]:
    """The user's annotations, those of the connections, and who the run is; later ones win."""
    found = dict(own)
    for connection in connections:
        found |= connection.annotations or {}
    return {
        **found,
        "operation.polyaxon.com/name": launch.name,
        "operation.polyaxon.com/owner": launch.owner,
        "operation.polyaxon.com/project": launch.project,
        "operation.polyaxon.com/kind": kind,
    }


def label_value(text: str) -> str:
    """Text as Kubernetes takes it in a label: at most 63 letters, digits, `-`, `_` and `.`.

    >>> label_value("train (lr=0.1)")
    'train-lr-0.1'
    """
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text)[:63].strip("-_.")
