"""`run: {kind: pytorchjob}`: PyTorch on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)
from polyaxon_airflow.scalars import BoolOrTemplate, IntOrTemplate, Text
from polyaxon_airflow.section import Section


class ElasticPolicy(Section):
    """Bounds of an elastic job, and how its workers find one another."""

    min_replicas: IntOrTemplate | None = None
    max_replicas: IntOrTemplate | None = None
    rdvz_backend: Text | None = None
    rdvz_port: IntOrTemplate | None = None
    rdvz_host: Text | None = None
    rdvz_id: Text | None = None
    rdvz_conf: list[dict[str, Any]] | None = None
    standalone: BoolOrTemplate | None = None
    n_proc_per_node: IntOrTemplate | None = None
    max_restarts: IntOrTemplate | None = None
    metrics: list[dict[str, Any]] | None = Field(None, alias="Metrics")


class PytorchJob(Distributed):
    """`run: {kind: pytorchjob, master: {container: ...}, worker: {replicas: 3, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("master", "worker")

    kind: Literal["pytorchjob"] = "pytorchjob"
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    elastic_policy: ElasticPolicy | None = None
    n_proc_per_node: IntOrTemplate | None = None
    master: ReplicaOrTemplate | None = None
    worker: ReplicaOrTemplate | None = None
