"""`run: {kind: tfjob}`: TensorFlow on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import ClassVar, Literal

from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)


class TFJob(Distributed):
    """`run: {kind: tfjob, chief: {container: ...}, worker: {replicas: 3, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("chief", "ps", "worker", "evaluator")

    kind: Literal["tfjob"] = "tfjob"
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    enable_dynamic_worker: bool | None = None
    success_policy: str | None = None
    chief: ReplicaOrTemplate | None = None
    ps: ReplicaOrTemplate | None = None
    worker: ReplicaOrTemplate | None = None
    evaluator: ReplicaOrTemplate | None = None
