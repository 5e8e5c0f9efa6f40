"""Resources of KubeRay (CRDs of ray-project/kuberay v1.7.0, ray.io/v1): a cluster, or a job in one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.runtimes.containers import as_text
from polyaxon_airflow.runtimes.custom import given, resource, role_template
from polyaxon_airflow.runtimes.metadata import LEADER, ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.raycluster import RayReplica

SUBMITTER = (
    "ray-job-submitter"  # the container of the pod that runs `ray job submit` and prints the job's log
)
HEAD = "ray-head"
# So that the cluster's dashboard, to which jobs are submitted, can be reached from outside of the head.
START_PARAMS = {"dashboard-host": "0.0.0.0"}  # noqa: S104 - inside of the cluster's network


def ray_job(launch: Launch, cluster: Mapping[str, Any], entrypoint: str, **fields: Any) -> Manifest:
    """A job that makes its cluster, and takes it down at its end; the submitter's log is the run's."""
    head = cluster["headGroupSpec"]["template"]
    container = {"name": SUBMITTER, "image": head["spec"]["containers"][0].get("image")}
    labels = {**head["metadata"]["labels"], ROLE_LABEL: LEADER}
    head["metadata"]["labels"][ROLE_LABEL] = "head"
    pull = given(imagePullSecrets=head["spec"].get("imagePullSecrets"))
    submitter = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "restartPolicy": "Never", **pull},
    }
    spec = {
        "entrypoint": entrypoint,
        "rayClusterSpec": dict(cluster),
        "shutdownAfterJobFinishes": True,
        "submitterPodTemplate": submitter,
        "activeDeadlineSeconds": launch.timeout,
        **fields,
    }
    return {"kind": "custom", "resource": resource(launch, "ray.io/v1", "RayJob", spec), "main": SUBMITTER}


def ray_cluster(launch: Launch, cluster: Mapping[str, Any]) -> Manifest:
    """A cluster that runs until it is stopped; the head's log is the run's."""
    made = resource(launch, "ray.io/v1", "RayCluster", dict(cluster))
    return {"kind": "custom", "resource": made, "main": HEAD}


def head_group(head: RayReplica, launch: Launch, kind: str) -> dict[str, Any]:
    template = role_template(head, launch, kind=kind, main=HEAD, role="head", leads=True)
    return {"rayStartParams": {**START_PARAMS, **_texts(head.ray_start_params)}, "template": template}


def worker_group(name: str, worker: RayReplica, launch: Launch, kind: str) -> dict[str, Any]:
    """Kubernetes names of groups have no underscores and capitals, so neither has this one."""
    template = role_template(worker, launch, kind=kind, main="ray-worker", role="worker", leads=False)
    replicas = int(worker.replicas) if worker.replicas is not None else 1
    return {
        "groupName": name.lower().replace("_", "-"),
        "replicas": replicas,
        "minReplicas": int(worker.min_replicas) if worker.min_replicas is not None else replicas,
        "maxReplicas": int(worker.max_replicas) if worker.max_replicas is not None else replicas,
        "rayStartParams": _texts(worker.ray_start_params),
        "template": template,
    }


def _texts(params: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: as_text(value) for name, value in (params or {}).items()}
