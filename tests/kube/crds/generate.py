"""Make schemas.json: `python -m tests.kube.crds.generate FOLDER`, a folder with the CRDs' YAML files.

kubeflow/trainer v1.9.4         manifests/base/crds/kubeflow.org_{tfjobs,pytorchjobs,mpijobs}.yaml
kubeflow/trainer v2.3.0         manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml
ray-project/kuberay v1.7.0      helm-chart/kuberay-operator/crds/ray.io_{rayjobs,rayclusters}.yaml
dask/dask-kubernetes 2025.4.3   dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator/crds/
                                {daskcluster,daskautoscaler}.yaml
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import yaml

from tests.kube.crds import FILE

SHORTEST = 120  # characters of a part that is worth a definition of its own
KEPT = {
    "type",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "enum",
    "pattern",
    "minimum",
    "default",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
}


def main(folder):
    found = [
        crd for path in sorted(Path(folder).glob("*.yaml")) for crd in _crds(yaml.safe_load(path.read_text()))
    ]
    counts = Counter(text for crd in found for text in _parts(crd["schema"]))
    shared = {text for text, times in counts.items() if times > 1 and len(text) > SHORTEST}
    definitions = {}
    crds = [{**crd, "schema": _referring(crd["schema"], shared, definitions)} for crd in found]
    data = {"crds": crds, "definitions": definitions}
    FILE.write_text(json.dumps(data, indent=None, separators=(",", ":")) + "\n")


def _crds(document):
    spec = document["spec"]
    for version in spec["versions"]:
        if version.get("served") and not version.get("deprecated"):
            yield {
                "group": spec["group"],
                "version": version["name"],
                "kind": spec["names"]["kind"],
                "plural": spec["names"]["plural"],
                "schema": _stripped(version["schema"]["openAPIV3Schema"]),
            }


def _stripped(schema):
    """A schema's rules, without descriptions; below `properties` every key is a field's name."""
    made = {key: value for key, value in schema.items() if key in KEPT}
    if "properties" in made:
        made["properties"] = {name: _stripped(value) for name, value in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _stripped(made[key])
    return made


def _parts(schema):
    if isinstance(schema, dict):
        yield _text(schema)
        for value in schema.values():
            yield from _parts(value)


def _referring(schema, shared, definitions, *, whole=False):
    if not isinstance(schema, dict):
        return schema
    text = _text(schema)
    if text in shared and not whole:
        name = f"d{sorted(shared).index(text)}"
        if name not in definitions:
            definitions[name] = None  # takes its place; its parts come after it
            definitions[name] = _referring(schema, shared, definitions, whole=True)
        return {"$ref": name}
    return {key: _referring(value, shared, definitions) for key, value in schema.items()}


def _text(schema):
    return json.dumps(schema, sort_keys=True)


if __name__ == "__main__":
    main(sys.argv[1])
