"""`run: {kind: raycluster}`: a Ray cluster of KubeRay (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import yaml

from polyaxon_airflow.runtimes import PodTemplate, Runtime
from polyaxon_airflow.runtimes.custom import given, required
from polyaxon_airflow.runtimes.ray import head_group, ray_cluster, ray_job, worker_group
from polyaxon_airflow.runtimes.replicas import Replica
from polyaxon_airflow.scalars import OR_TEMPLATE, AnyText, BoolOrTemplate, IntOrTemplate, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.kubernetes import ResourceRequirements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest, PodPath
    from polyaxon_airflow.runtimes.launch import Launch


class RayReplica(Replica):
    """The pods of the head or of one group of workers."""

    min_replicas: IntOrTemplate | None = None
    max_replicas: IntOrTemplate | None = None
    ray_start_params: dict[Text, AnyText] | None = None


class AutoscalerOptions(Section):
    upscaling_mode: str | None = None
    image_pull_policy: str | None = None
    resources: ResourceRequirements | None = None


class RayCluster(Runtime):
    """`run: {kind: raycluster, head: {container: ...}, workers: {small: {replicas: 2, container: ...}}}`."""

    has_roles: ClassVar[bool] = True
    instead: ClassVar[dict[str, str]] = {"worker": "workers"}

    kind: Literal["raycluster"] = "raycluster"
    entrypoint: str | None = None
    runtime_env: Annotated[dict[str, Any] | str, OR_TEMPLATE] | None = None
    metadata: Annotated[dict[str, str] | str, OR_TEMPLATE] | None = None
    ray_version: str | None = None
    head: Annotated[RayReplica | str, OR_TEMPLATE] | None = None
    workers: dict[str, Annotated[RayReplica | str, OR_TEMPLATE]] | None = None
    enable_in_tree_autoscaling: BoolOrTemplate | None = None
    autoscaler_options: Annotated[AutoscalerOptions | str, OR_TEMPLATE] | None = None

    def manifest(self, launch: Launch) -> Manifest:
        """A RayJob where there is an entrypoint, else a RayCluster that runs until it is stopped."""
        head = required(self.head, launch, "head")
        workers = {
            name: required(worker, launch, f"workers.{name}") for name, worker in (self.workers or {}).items()
        }
        options = self.autoscaler_options
        cluster = given(
            rayVersion=self.ray_version,
            enableInTreeAutoscaling=self.enable_in_tree_autoscaling,
            autoscalerOptions=options.to_dict() if isinstance(options, AutoscalerOptions) else None,
            headGroupSpec=head_group(head, launch, self.kind),
            workerGroupSpecs=[
                worker_group(name, worker, launch, self.kind) for name, worker in workers.items()
            ],
        )
        if not self.entrypoint:
            return ray_cluster(launch, cluster)
        environment = yaml.safe_dump(self.runtime_env) if self.runtime_env else None
        return ray_job(
            launch, cluster, self.entrypoint, runtimeEnvYAML=environment, metadata=self.metadata or None
        )

    def pods(self) -> Mapping[PodPath, PodTemplate]:
        named: dict[PodPath, Any] = {("head",): self.head}
        named |= {("workers", name): worker for name, worker in (self.workers or {}).items()}
        return {path: pod for path, pod in named.items() if isinstance(pod, PodTemplate)}
