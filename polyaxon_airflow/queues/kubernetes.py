"""The same queues for a cluster: ResourceQuota objects, or Kueue's queues, which then do the admission there.

ResourceQuota: https://kubernetes.io/docs/concepts/policy/resource-quotas/ (scoped by PriorityClass).
Kueue, 0.15 or later: https://kueue.sigs.k8s.io/docs/reference/kueue.v1beta2/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.queues.lookup import Place, Queues

KUEUE = "kueue.x-k8s.io"
QUEUE_LABEL = f"{KUEUE}/queue-name"
PRIORITY_LABEL = f"{KUEUE}/priority-class"
FLAVOR = "default"
HIGHEST = 1_000_000  # what Polyaxon's -1 becomes where a number is wanted


def resource_quotas(queues: Queues, gpu: str = "nvidia.com/gpu") -> list[dict[str, Any]]:
    """A ResourceQuota for each queue with limits, and the PriorityClass by which it knows the queue's pods.

    `gpu`: the extended resource that GPUs are in this cluster.
    """
    rendered: list[dict[str, Any]] = []
    for place in queues.places:
        hard = _hard(place, gpu)
        if hard:
            rendered += [_priority_class(place), _resource_quota(place, hard)]
    return rendered


def kueue_queues(queues: Queues, gpu: str = "nvidia.com/gpu") -> list[dict[str, Any]]:
    """Kueue's objects: a flavor of nodes, and for each queue a ClusterQueue, a LocalQueue and a priority.

    Queues that lend to one another are one cohort, in which Kueue lends as we do.
    """
    rendered = [_kueue("ResourceFlavor", FLAVOR)]
    for place in queues.places:
        rendered += _kueue_queue(place, queues, gpu)
    return rendered


class Admission(NamedTuple):
    """What objects of a run carry, so that the cluster counts them to their queue."""

    labels: dict[str, str]
    priority_class: str | None = None


def admission(place: Place) -> Admission:
    """By what the cluster of a queue knows the pods of its runs, as its agent's `admission` says."""
    if place.agent.admission == "kueue":
        return Admission({QUEUE_LABEL: _object_name(place.queue.name), PRIORITY_LABEL: _name(place)})
    return Admission({}, _name(place) if place.agent.admission == "quota" else None)


def _kueue_queue(place: Place, queues: Queues, gpu: str) -> Iterator[dict[str, Any]]:
    limits, cohort = _limits(place, gpu), _cohort(place, queues)
    spec: dict[str, Any] = {"namespaceSelector": {}, "queueingStrategy": "BestEffortFIFO"}
    if limits:
        resources = [
            {"name": name, "nominalQuota": amount, **(_borrowing(name, place) if cohort else {})}
            for name, amount in limits.items()
        ]
        spec["resourceGroups"] = [
            {"coveredResources": list(limits), "flavors": [{"name": FLAVOR, "resources": resources}]}
        ]
    if cohort:
        spec["cohortName"] = cohort
    # A weight is Kueue's for fair sharing among the queues of a cohort.
    spec["fairSharing"] = {"weight": f"{place.queue.weight:g}"}
    yield _kueue("ClusterQueue", _name(place), spec)
    local = _object_name(place.queue.name)
    yield _kueue("LocalQueue", local, {"clusterQueue": _name(place)}, namespace=place.agent.namespace)
    yield {**_kueue("WorkloadPriorityClass", _name(place)), "value": _priority(place)}


def _cohort(place: Place, queues: Queues) -> str | None:
    """The queues that lend to one another; None for a queue that lends to nobody and borrows from nobody."""
    head = place.queue.parent or (place.queue.name if _is_parent(place, queues) else None)
    return _object_name(f"polyaxon-{place.agent.name}-{head}") if head else None


def _borrowing(name: str, place: Place) -> dict[str, str]:
    """How much of a resource a queue may take from its cohort. Kueue refuses a limit where there is no cohort."""
    if not place.queue.parent:
        return {"borrowingLimit": "0"}
    limited = place.queue.borrow is not None and name == "pods"
    return {"borrowingLimit": str(place.queue.borrow)} if limited else {}


def _hard(place: Place, gpu: str) -> dict[str, str]:
    """What a ResourceQuota limits: requests, since those are what Kubernetes reserves."""
    return {
        name if name == "pods" else f"requests.{name}": amount for name, amount in _limits(place, gpu).items()
    }


def _limits(place: Place, gpu: str) -> dict[str, str]:
    quota = place.queue.quota
    given = {
        "cpu": quota.cpu if quota else None,
        "memory": quota.memory if quota else None,
        gpu: quota.gpu if quota else None,
        "pods": str(place.queue.concurrency) if place.queue.concurrency > 0 else None,
    }
    return {name: amount for name, amount in given.items() if amount is not None}


def _priority_class(place: Place) -> dict[str, Any]:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": _name(place)},
        "value": _priority(place),
        "preemptionPolicy": "Never",
        "description": f"Runs of the Polyaxon queue {place.name}.",
    }


def _resource_quota(place: Place, hard: dict[str, str]) -> dict[str, Any]:
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": [_name(place)]}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": _metadata(_name(place), place.agent.namespace),
        "spec": {"hard": hard, "scopeSelector": {"matchExpressions": [scope]}},
    }


def _kueue(
    kind: str, name: str, spec: dict[str, Any] | None = None, namespace: str | None = None
) -> dict[str, Any]:
    rendered = {"apiVersion": f"{KUEUE}/v1beta2", "kind": kind, "metadata": _metadata(name, namespace)}
    return rendered if spec is None else {**rendered, "spec": spec}


def _metadata(name: str, namespace: str | None) -> dict[str, str]:
    return {"name": name, **({"namespace": namespace} if namespace else {})}


def _is_parent(place: Place, queues: Queues) -> bool:
    return any(other.parent_pool == place.pool for other in queues.places)


def _priority(place: Place) -> int:
    return HIGHEST if place.queue.priority == -1 else min(place.queue.priority, HIGHEST)


def _name(place: Place) -> str:
    return _object_name(f"polyaxon-{place.agent.name}-{place.queue.name}")


def _object_name(name: str) -> str:
    """As Kubernetes names objects: queues may have capitals and underscores."""
    return name.lower().replace("_", "-").strip("-")
