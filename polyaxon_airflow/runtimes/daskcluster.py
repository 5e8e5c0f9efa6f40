"""`run: {kind: daskcluster}`: a Dask cluster of its operator (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from polyaxon_airflow.runtimes.custom import required, resource, role_template
from polyaxon_airflow.runtimes.kubeflow import count
from polyaxon_airflow.runtimes.replicas import Distributed, ReplicaOrTemplate
from polyaxon_airflow.scalars import IntOrTemplate

if TYPE_CHECKING:
    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.replicas import Replica

# The operator's resources, and the commands and ports of its own examples (dask/dask-kubernetes 2025.4.3).
DASK = "kubernetes.dask.org/v1"
SCHEDULER = ["dask-scheduler"]
WORKER = ["dask-worker", "--name", "$(DASK_WORKER_NAME)", "--dashboard", "--dashboard-address", "8788"]
SCHEDULER_PORTS = [
    {"name": "tcp-comm", "containerPort": 8786, "protocol": "TCP"},
    {"name": "http-dashboard", "containerPort": 8787, "protocol": "TCP"},
]
WORKER_PORTS = [{"name": "http-dashboard", "containerPort": 8788, "protocol": "TCP"}]


class DaskCluster(Distributed):
    """`run: {kind: daskcluster, scheduler: {container: ...}, worker: {replicas: 2, container: ...}}`."""

    role_fields: ClassVar[tuple[str, ...]] = ("worker", "scheduler")

    kind: Literal["daskcluster"] = "daskcluster"
    worker: ReplicaOrTemplate | None = None
    scheduler: ReplicaOrTemplate | None = None
    min_replicas: IntOrTemplate | None = None
    max_replicas: IntOrTemplate | None = None

    def manifest(self, launch: Launch) -> Manifest:
        """A DaskCluster that runs until it is stopped, and an autoscaler for its bounds; the scheduler leads."""
        scheduler = required(self.scheduler, launch, "scheduler")
        worker = required(self.worker, launch, "worker")
        leading = _placed(scheduler, launch, "scheduler", SCHEDULER, SCHEDULER_PORTS)
        workers = _placed(worker, launch, "worker", WORKER, WORKER_PORTS)
        cluster = {
            "scheduler": {**leading, "service": _service(launch)},
            "worker": {**workers, "replicas": count(worker)},
        }
        made = resource(launch, DASK, "DaskCluster", cluster)
        return {
            "kind": "custom",
            "resource": made,
            "main": "scheduler",
            "companions": self._autoscaler(launch),
        }

    def _autoscaler(self, launch: Launch) -> list[dict[str, Any]]:
        if self.min_replicas is None or self.max_replicas is None:
            return []
        bounds = {"minimum": int(self.min_replicas), "maximum": int(self.max_replicas)}
        return [resource(launch, DASK, "DaskAutoscaler", {"cluster": launch.resource_name, **bounds})]


def _placed(
    replica: Replica, launch: Launch, role: str, command: list[str], ports: list[dict[str, Any]]
) -> dict[str, Any]:
    """Pods of one role; a container without command or ports gets those of Dask."""
    # The operator's CRD does not know sidecars that start as init containers, so its pods have no helpers.
    leads = role == "scheduler"
    template = role_template(
        replica, launch, kind="daskcluster", main=role, role=role, leads=leads, helped=False
    )
    main = template["spec"]["containers"][0]
    if "command" not in main and "args" not in main:
        main["args"] = command
    main.setdefault("ports", ports)
    # The operator makes Deployments of them, which take no other policy.
    return {"metadata": template["metadata"], "spec": {**template["spec"], "restartPolicy": "Always"}}


def _service(launch: Launch) -> dict[str, Any]:
    """How workers and clients find the scheduler."""
    selector = {"dask.org/cluster-name": launch.resource_name, "dask.org/component": "scheduler"}
    ports = [
        {"name": port["name"], "port": port["containerPort"], "targetPort": port["name"], "protocol": "TCP"}
        for port in SCHEDULER_PORTS
    ]
    return {"type": "ClusterIP", "selector": selector, "ports": ports}
