"""Strict offline validation of Kubernetes' own objects: JSON Schema made from the official client's models.

Those are generated from the API's OpenAPI document: `openapi_types` and `attribute_map` say what there is, and the
setters what is required.
"""

from __future__ import annotations

import inspect
import re
from functools import cache

import jsonschema
from kubernetes.client import models

QUANTITY = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^[+-]?(\d+\.?\d*|\.\d+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?\d+))?$"},
    ]
}
PRIMITIVE = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "object": {},
    "datetime": {"type": "string"},
}
NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
# What the models say less of than the API does.
SPECIAL = {
    ("V1ResourceRequirements", "limits"): {"type": "object", "additionalProperties": QUANTITY},
    ("V1ResourceRequirements", "requests"): {"type": "object", "additionalProperties": QUANTITY},
    ("V1EmptyDirVolumeSource", "size_limit"): QUANTITY,
    ("V1HTTPGetAction", "port"): {"type": ["integer", "string"]},
    ("V1TCPSocketAction", "port"): {"type": ["integer", "string"]},
    ("V1ServicePort", "target_port"): {"type": ["integer", "string"]},
    ("V1Container", "name"): NAME,
    ("V1Volume", "name"): NAME,
}


def faults_of(obj):
    """What is wrong with a Pod or a Service: unknown fields, missing ones, wrong types."""
    return [
        f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}"
        for error in _validator(f"V1{obj['kind']}").iter_errors(obj)
    ]


@cache
def _validator(model):
    definitions = {}
    reference = _schema(model, definitions)
    return jsonschema.Draft202012Validator({**reference, "$defs": definitions})


def _schema(kind, definitions):
    if found := re.fullmatch(r"list\[(.+)\]", kind):
        return {"type": "array", "items": _schema(found[1], definitions)}
    if found := re.fullmatch(r"dict[\[(]str, (.+)[\])]", kind):
        return {"type": "object", "additionalProperties": _schema(found[1], definitions)}
    if kind in PRIMITIVE:
        return PRIMITIVE[kind]
    if kind not in definitions:
        definitions[kind] = None  # takes its place, since models hold one another
        definitions[kind] = _model_schema(kind, definitions)
    return {"$ref": f"#/$defs/{kind}"}


def _model_schema(name, definitions):
    model = getattr(models, name)
    properties = {
        field: SPECIAL.get((name, attribute)) or _schema(model.openapi_types[attribute], definitions)
        for attribute, field in model.attribute_map.items()
    }
    required = [field for attribute, field in model.attribute_map.items() if _is_required(model, attribute)]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _is_required(model, attribute):
    return "must not be `None`" in inspect.getsource(getattr(model, attribute).fset)
