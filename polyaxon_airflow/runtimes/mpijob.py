"""`run: {kind: mpijob}`: MPI on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import ClassVar, Literal

from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)
from polyaxon_airflow.scalars import IntOrTemplate


class MPIJob(Distributed):
    """`run: {kind: mpijob, slotsPerWorker: 2, launcher: {container: ...}, worker: {replicas: 2, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("launcher", "worker")

    kind: Literal["mpijob"] = "mpijob"
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    slots_per_worker: IntOrTemplate | None = None
    launcher: ReplicaOrTemplate | None = None
    worker: ReplicaOrTemplate | None = None
