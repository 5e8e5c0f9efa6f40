"""`run: {kind: tfjob}`: TensorFlow on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from polyaxon_airflow.runtimes.custom import given
from polyaxon_airflow.runtimes.kubeflow import TrainingJob, roles_of
from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)

if TYPE_CHECKING:
    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch


class TFJob(Distributed):
    """`run: {kind: tfjob, chief: {container: ...}, worker: {replicas: 3, container: ...}}`."""

    instead: ClassVar[dict[str, str]] = {
        "master": "chief",
    }

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

    def manifest(self, launch: Launch) -> Manifest:
        """A TFJob of the Training Operator v1; the chief leads, without one the first worker."""
        roles = roles_of(launch, Chief=self.chief, Worker=self.worker, PS=self.ps, Evaluator=self.evaluator)
        extra = given(enableDynamicWorker=self.enable_dynamic_worker, successPolicy=self.success_policy)
        job = TrainingJob(
            run_kind=self.kind,
            kind="TFJob",
            specs="tfReplicaSpecs",
            main="tensorflow",
            roles=roles,
            launch=launch,
            clean_pod_policy=self.clean_pod_policy,
            scheduling_policy=self.scheduling_policy,
            extra=extra,
        )
        return job.manifest()
