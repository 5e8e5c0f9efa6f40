"""`run: {kind: pytorchjob}`: PyTorch on the Kubeflow training operator (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from polyaxon_airflow.runtimes.custom import given
from polyaxon_airflow.runtimes.kubeflow import TrainingJob, count, roles_of
from polyaxon_airflow.runtimes.replicas import (
    CleanPodPolicy,
    Distributed,
    ReplicaOrTemplate,
    SchedulingPolicy,
)
from polyaxon_airflow.runtimes.trainer import train_job
from polyaxon_airflow.scalars import BoolOrTemplate, IntOrTemplate, Text
from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.replicas import Replica


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

    instead: ClassVar[dict[str, str]] = {
        "chief": "master",
    }

    role_fields: ClassVar[tuple[str, ...]] = ("master", "worker")

    kind: Literal["pytorchjob"] = "pytorchjob"
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    elastic_policy: ElasticPolicy | None = None
    n_proc_per_node: IntOrTemplate | None = None
    master: ReplicaOrTemplate | None = None
    worker: ReplicaOrTemplate | None = None

    def manifest(self, launch: Launch) -> Manifest:
        """A PyTorchJob of the Training Operator v1, or a TrainJob of Trainer v2; the master leads."""
        processes = int(self.n_proc_per_node) if self.n_proc_per_node is not None else None
        extra = given(
            elasticPolicy=_elastic(self.elastic_policy),
            nprocPerNode=str(processes) if processes is not None else None,
        )
        job = TrainingJob(
            run_kind=self.kind,
            kind="PyTorchJob",
            specs="pytorchReplicaSpecs",
            main="pytorch",
            roles=roles_of(launch, Master=self.master, Worker=self.worker),
            launch=launch,
            clean_pod_policy=self.clean_pod_policy,
            scheduling_policy=self.scheduling_policy,
            extra=extra,
        )
        return {**job.manifest(), "alternatives": self._train_job(job.roles, launch, processes)}

    def _train_job(
        self, roles: Mapping[str, Replica], launch: Launch, processes: int | None
    ) -> list[dict[str, Any]]:
        """All nodes of a TrainJob are alike."""
        first, *others = roles.values()
        if self.elastic_policy is not None or any(role.container != first.container for role in others):
            return []
        nodes = sum(count(role) for role in roles.values())
        return train_job(first, launch, kind=self.kind, nodes=nodes, processes=processes)


def _elastic(policy: ElasticPolicy | None) -> dict[str, Any] | None:
    """Polyaxon spells `rdvz` what Kubeflow, after `rendezvous`, spells `rdzv`."""
    if policy is None:
        return None
    given_fields = {key.replace("rdvz", "rdzv"): value for key, value in policy.to_dict().items()}
    metrics = given_fields.pop("Metrics", None)
    return {**given_fields, **({"metrics": metrics} if metrics is not None else {})}
