"""Structural schemas of custom resources: unknown fields are pruned, wrong values are faults."""

from __future__ import annotations

import re
from copy import deepcopy

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def pruned(value, schema, faults, path=""):
    """`value` with what `schema` knows and its defaults; appends what is wrong to `faults`."""
    if value is None or not schema:
        return value
    found = list(_value_faults(value, schema, path))
    faults.extend(found)
    if isinstance(value, dict) and not found:
        return _pruned_mapping(value, schema, faults, path)
    if isinstance(value, list) and not found:
        items = schema.get("items")
        return [pruned(item, items, faults, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _value_faults(value, schema, path):
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, (int, str)):
            yield f"{path}: Invalid value: must be int or string"
        return
    kind = schema.get("type")
    number = kind in {"integer", "number"}
    if kind and (not isinstance(value, TYPES[kind]) or (number and isinstance(value, bool))):
        yield f'{path}: Invalid value: "{type(value).__name__}": {path} in body must be of type {kind}'
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f'{path}: Unsupported value: "{value}": supported values: {schema["enum"]}'
    if kind == "string" and not re.search(schema.get("pattern", ""), value):
        yield f'{path}: Invalid value: "{value}": should match {schema["pattern"]}'
    if number and value < schema.get("minimum", value):
        yield f"{path}: Invalid value: {value}: should be greater than or equal to {schema['minimum']}"


def _pruned_mapping(value, schema, faults, path):
    properties = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    faults.extend(
        f"{path}.{name}: Required value" for name in schema.get("required") or [] if name not in value
    )
    kept = {name: deepcopy(known["default"]) for name, known in properties.items() if "default" in known}
    for name, item in value.items():
        if name in properties:
            kept[name] = pruned(item, properties[name], faults, f"{path}.{name}")
        elif isinstance(others, dict):
            kept[name] = pruned(item, others, faults, f"{path}.{name}")
        elif others or schema.get("x-kubernetes-preserve-unknown-fields"):
            kept[name] = item
    return kept
