"""The types of objects that the emulated API server knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, eq=False)
class Resource:
    """A type of objects, such as pods; each is equal to itself alone."""

    group_version: str  # "v1", "batch/v1"
    plural: str
    kind: str
    namespaced: bool = True
    has_status: bool = False  # writes to the object leave the status alone and the other way round
    schema: dict[str, Any] | None = None  # of a custom resource
    custom: bool = False


class Key(NamedTuple):
    """The place of one object."""

    resource: Resource
    namespace: str | None
    name: str


BUILT_IN = [
    Resource("v1", "namespaces", "Namespace", namespaced=False, has_status=True),
    Resource("v1", "nodes", "Node", namespaced=False, has_status=True),
    Resource("v1", "pods", "Pod", has_status=True),
    Resource("v1", "services", "Service", has_status=True),
    Resource("v1", "configmaps", "ConfigMap"),
    Resource("v1", "secrets", "Secret"),
    Resource("v1", "events", "Event"),
    Resource("v1", "persistentvolumeclaims", "PersistentVolumeClaim", has_status=True),
    Resource("v1", "serviceaccounts", "ServiceAccount"),
    Resource(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        has_status=True,
    ),
]


def defined_by(crd):
    """The resources that a CustomResourceDefinition adds, one a version."""
    spec = crd["spec"]
    for version in spec["versions"]:
        yield Resource(
            f"{spec['group']}/{version['name']}",
            spec["names"]["plural"],
            spec["names"]["kind"],
            namespaced=spec["scope"] == "Namespaced",
            has_status="status" in (version.get("subresources") or {}),
            schema=(version.get("schema") or {}).get("openAPIV3Schema"),
            custom=True,
        )


def custom_resource_definition(group, version, kind, plural, schema=None):
    """A CustomResourceDefinition; without a schema it takes any object."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema or anything},
                }
            ],
        },
    }
