"""`run: {kind: daskcluster}`: a Dask cluster of its operator (spec section 2.10)."""

from __future__ import annotations

from typing import ClassVar, Literal

from polyaxon_airflow.runtimes.replicas import Distributed, ReplicaOrTemplate
from polyaxon_airflow.scalars import IntOrTemplate


class DaskCluster(Distributed):
    """`run: {kind: daskcluster, scheduler: {container: ...}, worker: {replicas: 2, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("worker", "scheduler")

    kind: Literal["daskcluster"] = "daskcluster"
    worker: ReplicaOrTemplate | None = None
    scheduler: ReplicaOrTemplate | None = None
    min_replicas: IntOrTemplate | None = None
    max_replicas: IntOrTemplate | None = None
