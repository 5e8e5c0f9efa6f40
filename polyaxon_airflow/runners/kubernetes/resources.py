"""The custom resources that runs become: where the API server keeps them, and what their statuses say.

Sources: kubeflow/trainer v1.9.4 and v2.3.0, ray-project/kuberay v1.7.0, dask/dask-kubernetes 2025.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from polyaxon_airflow.errors import PermanentRunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Object = Mapping[str, Any]

TRAINING = "the Kubeflow Training Operator (v1.9, https://github.com/kubeflow/trainer/tree/release-1.9)"
TRAINER = "Kubeflow Trainer (https://www.kubeflow.org/docs/components/trainer)"
KUBERAY = "KubeRay (https://docs.ray.io/en/latest/cluster/kubernetes)"
DASK = "the Dask operator (https://kubernetes.dask.org)"


class Verdict(NamedTuple):
    """What a resource's status says."""

    ended: Literal["succeeded", "failed"] | None
    reason: str  # of a failure; else why it does not go on, "" when it does


@dataclass(frozen=True)
class ResourceKind:
    """One kind of custom resource."""

    api_version: str
    kind: str
    operator: str  # what a cluster needs to have it, with where to get that
    read: Callable[[Object], Verdict]

    @property
    def plural(self) -> str:
        return f"{self.kind.lower()}s"


def kind_of(resource: Object) -> ResourceKind:
    """Raises PermanentRunnerError for a kind that nobody here knows how to follow."""
    key = (resource.get("apiVersion"), resource.get("kind"))
    for known in KINDS:
        if (known.api_version, known.kind) == key:
            return known
    names = ", ".join(known.kind for known in KINDS)
    raise PermanentRunnerError(f"nobody here knows how to follow a {key[1]} of {key[0]}; known: {names}")


def missing(kinds: Iterable[ResourceKind], run: str) -> str:
    """One sentence for a cluster that has none of the kinds that a run could be."""
    first, *others = kinds
    instead = "".join(f", or {kind.operator}" for kind in others)
    return f"run '{run}' needs a {first.kind}, which this cluster does not have: install {first.operator}{instead}"


def _read_training_job(resource: Object) -> Verdict:
    """kubeflow.org/v1: conditions Created, Running, Restarting, Suspended, Succeeded, Failed."""
    return _read_conditions(resource, succeeded="Succeeded", failed="Failed")


def _read_train_job(resource: Object) -> Verdict:
    """trainer.kubeflow.org/v1alpha1: conditions Suspended, Complete, Failed; none while it runs."""
    return _read_conditions(resource, succeeded="Complete", failed="Failed")


def _read_conditions(resource: Object, *, succeeded: str, failed: str) -> Verdict:
    status = resource.get("status") or {}
    found = {condition["type"]: condition for condition in status.get("conditions") or []}
    holding = {name: condition for name, condition in found.items() if condition["status"] == "True"}
    if failed in holding:
        return Verdict("failed", _said(holding[failed]))
    if succeeded in holding:
        return Verdict("succeeded", "")
    if "Suspended" in holding:
        return Verdict(None, f"it is suspended: {_said(holding['Suspended'])}")
    return Verdict(None, "" if status else "its operator has not taken it up yet")


def _read_ray_job(resource: Object) -> Verdict:
    """ray.io/v1 RayJob: `jobDeploymentStatus` of the resource, `jobStatus` of the job in the cluster."""
    status = resource.get("status") or {}
    deployment, job = status.get("jobDeploymentStatus") or "", status.get("jobStatus") or ""
    said = ": ".join(part for part in (status.get("reason"), status.get("message")) if part)
    if deployment in {"Failed", "ValidationFailed"} or (deployment == "Complete" and job != "SUCCEEDED"):
        return Verdict("failed", said or f"the Ray job is {job or 'gone'}")
    if deployment == "Complete":
        return Verdict("succeeded", "")
    if deployment in {"Suspended", "Suspending", "Retrying"}:
        return Verdict(None, f"it is {deployment.lower()}{f': {said}' if said else ''}")
    return Verdict(None, "" if status else "its operator has not taken it up yet")


def _read_ray_cluster(resource: Object) -> Verdict:
    """ray.io/v1 RayCluster: `state` is ready, failed or suspended; a cluster does not end by itself."""
    status = resource.get("status") or {}
    if status.get("state") == "failed":
        return Verdict("failed", status.get("reason") or "the cluster could not be made")
    return Verdict(None, "" if status else "its operator has not taken it up yet")


def _read_dask_cluster(resource: Object) -> Verdict:
    """kubernetes.dask.org/v1: `phase` is Created, Pending, Running or Error; a cluster does not end by itself."""
    phase = (resource.get("status") or {}).get("phase")
    if phase == "Error":
        return Verdict("failed", "the Dask operator could not make the cluster")
    return Verdict(None, "" if phase else "its operator has not taken it up yet")


def _said(condition: Object) -> str:
    return ": ".join(part for part in (condition.get("reason"), condition.get("message")) if part)


KINDS = (
    ResourceKind("kubeflow.org/v1", "TFJob", TRAINING, _read_training_job),
    ResourceKind("kubeflow.org/v1", "PyTorchJob", TRAINING, _read_training_job),
    ResourceKind("kubeflow.org/v1", "MPIJob", TRAINING, _read_training_job),
    ResourceKind("trainer.kubeflow.org/v1alpha1", "TrainJob", TRAINER, _read_train_job),
    ResourceKind("ray.io/v1", "RayJob", KUBERAY, _read_ray_job),
    ResourceKind("ray.io/v1", "RayCluster", KUBERAY, _read_ray_cluster),
    ResourceKind("kubernetes.dask.org/v1", "DaskCluster", DASK, _read_dask_cluster),
)
