"""The published schemas of the custom resources that runs become, without their descriptions.

`schemas.json` is generated data: `python -m tests.kube.crds.generate` makes it from the CRDs of
kubeflow/trainer (v1.9.4 and v2.3.0), ray-project/kuberay (v1.7.0) and dask/dask-kubernetes (2025.4.3), all under the
Apache License 2.0. What several of them say alike, such as pods, stands there once.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tests.kube.admission import strict_faults
from tests.kube.resources import Resource, custom_resource_definition

FILE = Path(__file__).with_name("schemas.json")


@cache
def published():
    """(apiVersion, kind) -> CustomResourceDefinition, with all its schema in place."""
    data = json.loads(FILE.read_text())
    known = {}

    def whole(schema):
        if isinstance(schema, list):
            return [whole(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"]
            if name not in known:
                known[name] = whole(data["definitions"][name])
            return known[name]
        return {key: whole(value) for key, value in schema.items()}

    return {
        (f"{crd['group']}/{crd['version']}", crd["kind"]): custom_resource_definition(
            crd["group"], crd["version"], crd["kind"], crd["plural"], whole(crd["schema"])
        )
        for crd in data["crds"]
    }


def faults_of(resource):
    """What the operator's CRD says against a custom resource: wrong values, missing and unknown fields."""
    crd = published()[resource["apiVersion"], resource["kind"]]
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    known = Resource(resource["apiVersion"], "", resource["kind"], schema=schema, custom=True)
    return strict_faults(known, resource)
