"""`run: {kind: mpijob}`: MPI on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from polyaxon_airflow.runtimes.custom import given
from polyaxon_airflow.runtimes.kubeflow import TrainingJob, count, roles_of
from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)
from polyaxon_airflow.runtimes.trainer import LAUNCHER, NODE, train_job
from polyaxon_airflow.scalars import IntOrTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.replicas import Replica


class MPIJob(Distributed):
    """`run: {kind: mpijob, slotsPerWorker: 2, launcher: {container: ...}, worker: {replicas: 2, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("launcher", "worker")

    kind: Literal["mpijob"] = "mpijob"
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    slots_per_worker: IntOrTemplate | None = None
    launcher: ReplicaOrTemplate | None = None
    worker: ReplicaOrTemplate | None = None

    def manifest(self, launch: Launch) -> Manifest:
        """An MPIJob of the Training Operator v1; the launcher leads."""
        slots = int(self.slots_per_worker) if self.slots_per_worker is not None else None
        job = TrainingJob(
            run_kind=self.kind,
            kind="MPIJob",
            specs="mpiReplicaSpecs",
            main="mpi",
            roles=roles_of(launch, Launcher=self.launcher, Worker=self.worker),
            launch=launch,
            clean_pod_policy=self.clean_pod_policy,
            scheduling_policy=self.scheduling_policy,
            extra=given(slotsPerWorker=slots),
        )
        return {**job.manifest(), "alternatives": _train_job(job.roles, launch, slots)}


def _train_job(roles: Mapping[str, Replica], launch: Launch, slots: int | None) -> list[dict[str, Any]]:
    """Trainer's nodes only listen for MPI, so theirs is the launcher's image, and its command runs once."""
    launcher, worker = roles.get("Launcher"), roles.get("Worker")
    if launcher is None or worker is None or _image(launcher) != _image(worker):
        return []
    jobs = (LAUNCHER, NODE)
    return train_job(launcher, launch, kind="mpijob", nodes=count(worker), processes=slots, jobs=jobs)


def _image(role: Replica) -> Any:
    return role.container.image if role.container is not None else None
