"""The objects of the emulated cluster: versions, conflicts, graceful deletion, garbage collection, history.

Stored objects are never changed in place, so those that were handed out, or that stand in the history,
stay what they were.
"""

from __future__ import annotations

import secrets
import uuid
from asyncio import Queue
from collections import deque
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from tests.kube.admission import admitted
from tests.kube.errors import ApiError, already_exists, bad_request, conflict, expired, not_found
from tests.kube.resources import BUILT_IN, Key, Resource, defined_by
from tests.kube.selectors import fields_match, labels_match

ESTABLISHED = [{"type": name, "status": "True"} for name in ("NamesAccepted", "Established")]


class Change(NamedTuple):
    """One entry of the history."""

    version: int
    type: str  # ADDED, MODIFIED, DELETED
    resource: Resource
    object: dict[str, Any]


@dataclass(eq=False)
class _Subscription:
    resource: Resource
    namespace: str | None
    changes: Queue = field(default_factory=Queue)

    def put(self, change):
        namespace = change.object["metadata"].get("namespace")
        if change.resource is self.resource and self.namespace in {None, namespace}:
            self.changes.put_nowait(change)


class Objects:
    """All objects of a cluster, in memory. Raises ApiError as the API server would."""

    def __init__(self, *, strict=False, history=5000):
        self.strict = strict
        self.version = 1
        self.types = {(resource.group_version, resource.plural): resource for resource in BUILT_IN}
        self._objects = {}
        self._history = deque(maxlen=history)
        self._forgotten = 0  # the newest version that a watch can no longer start from
        self._subscriptions = set()
        for name in ("default", "kube-system"):
            self.create(self.types["v1", "namespaces"], None, {"metadata": {"name": name}})

    # reading

    def get(self, key):
        if key not in self._objects:
            raise not_found(key.resource.plural, key.name)
        return self._objects[key]

    def select(self, resource, namespace=None, labels=None, fields=None):
        """Objects of a type that fit the selectors, by namespace and name."""
        found = [
            obj
            for key, obj in self._objects.items()
            if key.resource is resource
            and namespace in {None, key.namespace}
            and labels_match(labels, obj["metadata"].get("labels") or {})
            and fields_match(fields, obj)
        ]
        return sorted(
            found, key=lambda obj: (obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
        )

    @contextmanager
    def subscription(self, resource, namespace, version=0):
        """A queue of the changes of one type in one namespace (or all) after `version` (0: from now on).

        Raises ApiError 410 if the history does not go back that far.
        """
        subscription = _Subscription(resource, namespace)
        for change in self._since(version) if version else ():
            subscription.put(change)
        self._subscriptions.add(subscription)
        try:
            yield subscription.changes
        finally:
            self._subscriptions.discard(subscription)

    def _since(self, version):
        full = len(self._history) == self._history.maxlen
        oldest = max(self._forgotten, self._history[0].version - 1 if full else 0)
        if version < oldest:
            raise expired(version, oldest)
        return [change for change in self._history if change.version > version]

    def forget_history(self):
        """Compact: no watch can start from an earlier version any more."""
        self._history.clear()
        self._forgotten = self.version

    # writing

    def create(self, resource, namespace, body):
        obj = deepcopy(body)
        _check_identity(resource, namespace, obj)
        metadata = obj.setdefault("metadata", {})
        if "name" not in metadata and "generateName" in metadata:
            metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
        if "name" not in metadata:
            raise ApiError(422, "Invalid", "metadata.name: Required value: name or generateName is required")
        if namespace is not None:
            self.get(Key(self.types["v1", "namespaces"], None, namespace))
        key = Key(resource, namespace, metadata["name"])
        if key in self._objects:
            raise already_exists(resource.plural, key.name)
        for name in ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"):
            metadata.pop(name, None)
        if resource.has_status:
            obj.pop("status", None)
        obj = admitted(resource, obj, strict=self.strict)
        obj["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        return self._put(key, obj, "ADDED")

    def update(self, key, body, *, status=False):
        """Replace an object or, with `status`, only its status."""
        old = self.get(key)
        version = body.get("metadata", {}).get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(key.resource.plural, key.name)
        if status:
            return self._put(key, {**old, "status": deepcopy(body.get("status"))}, "MODIFIED")
        obj = deepcopy(body)
        if key.resource.has_status:
            obj = {name: value for name, value in obj.items() if name != "status"}
            obj |= {"status": old["status"]} if "status" in old else {}
        kept = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
        obj["metadata"] |= {name: old["metadata"][name] for name in kept if name in old["metadata"]}
        obj = self._put(key, admitted(key.resource, obj, old, strict=self.strict), "MODIFIED")
        if "deletionTimestamp" in obj["metadata"] and not obj["metadata"].get("finalizers"):
            return self._remove(key) if key.resource.kind != "Pod" else obj
        return obj

    def delete(self, key, options):
        """Delete now, or mark the object as being deleted where it has finalizers or runs on a node."""
        obj = self.get(key)
        wanted = (options.get("preconditions") or {}).get("uid")
        if wanted and wanted != obj["metadata"]["uid"]:
            raise conflict(key.resource.plural, key.name)
        grace = options.get("gracePeriodSeconds")
        if key.resource.kind == "Pod" and _runs(obj):
            grace = obj["spec"]["terminationGracePeriodSeconds"] if grace is None else int(grace)
        else:
            grace = 0
        if not grace and not obj["metadata"].get("finalizers"):
            return self._remove(key)
        return self._put(key, {**obj, "metadata": _being_deleted(obj["metadata"], grace)}, "MODIFIED")

    def bind(self, key, node):
        """Put a pod on a node."""
        pod = self.get(key)
        if pod["spec"].get("nodeName"):
            raise ApiError(409, "Conflict", f"pod {key.name} is already assigned to a node")
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now()}
        status = {**pod["status"], "conditions": [*pod["status"].get("conditions", []), scheduled]}
        return self._put(
            key, {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}, "MODIFIED"
        )

    def _put(self, key, obj, change):
        self.version += 1
        obj = {**obj, "apiVersion": key.resource.group_version, "kind": key.resource.kind}
        obj["metadata"] = {**obj["metadata"], "resourceVersion": str(self.version)}
        if key.resource.namespaced:
            obj["metadata"]["namespace"] = key.namespace
        if key.resource.kind == "CustomResourceDefinition":
            obj["status"] = {"conditions": ESTABLISHED}
            for added in defined_by(obj):
                self.types.setdefault((added.group_version, added.plural), added)
        self._objects[key] = obj
        self._publish(change, key.resource, obj)
        return obj

    def _remove(self, key):
        self.version += 1
        obj = self._objects.pop(key)
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.version)}}
        self._publish("DELETED", key.resource, obj)
        if key.resource.kind == "CustomResourceDefinition":
            for gone in defined_by(obj):
                del self.types[gone.group_version, gone.plural]
        for other in self._dependents(key, obj["metadata"]["uid"]):
            if other in self._objects and "deletionTimestamp" not in self._objects[other]["metadata"]:
                self.delete(other, {})
        return obj

    def _dependents(self, key, uid):
        """What the garbage collector removes with an object: what it owns, or what is in its namespace."""
        for other, obj in list(self._objects.items()):
            owners = {owner.get("uid") for owner in obj["metadata"].get("ownerReferences") or []}
            if uid in owners or (key.resource.kind == "Namespace" and other.namespace == key.name):
                yield other

    def _publish(self, change, resource, obj):
        entry = Change(self.version, change, resource, obj)
        self._history.append(entry)
        for subscription in self._subscriptions:
            subscription.put(entry)


def now(later=0):
    """This moment, or one some seconds later, as Kubernetes writes it."""
    return (datetime.now(timezone.utc) + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_identity(resource, namespace, obj):
    kind, group_version = obj.get("kind", resource.kind), obj.get("apiVersion", resource.group_version)
    if (kind, group_version) != (resource.kind, resource.group_version):
        raise bad_request(
            f'{kind} in version "{group_version}" cannot be handled as a {resource.kind}: converting: unknown conversion'
        )
    if obj.get("metadata", {}).get("namespace", namespace) != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _runs(pod):
    return bool(pod["spec"].get("nodeName")) and pod["status"].get("phase") not in {"Succeeded", "Failed"}


def _being_deleted(metadata, grace):
    """Marked to be gone in `grace` seconds, unless it is to be gone sooner already."""
    if grace >= metadata.get("deletionGracePeriodSeconds", grace + 1):
        return metadata
    return {**metadata, "deletionTimestamp": now(grace), "deletionGracePeriodSeconds": grace}
