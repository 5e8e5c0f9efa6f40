"""The three kinds of PATCH bodies; each function gives a new document and leaves its arguments alone."""

from __future__ import annotations

from copy import deepcopy

from tests.kube.errors import ApiError

MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumes": "name",
}


def patched(document, patch, content_type):
    """`document` after a PATCH of that content type."""
    if content_type == "application/json-patch+json":
        return _json_patch(document, patch)
    if content_type == "application/merge-patch+json":
        return _merge(document, patch)
    return _strategic(document, patch)


def _merge(document, patch):
    """RFC 7386: null removes, mappings merge, all else replaces."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _strategic(document, patch, key=None):
    """A merge in which lists of known keys merge by their items' names."""
    if isinstance(patch, dict):
        merged = dict(document) if isinstance(document, dict) else {}
        for name, value in patch.items():
            if value is None:
                merged.pop(name, None)
            else:
                merged[name] = _strategic(merged.get(name), value, name)
        return merged
    if isinstance(patch, list) and isinstance(document, list) and key in MERGE_KEYS:
        return _merge_items(document, patch, MERGE_KEYS[key])
    return deepcopy(patch)


def _merge_items(items, patch, key):
    merged = list(items)
    for item in patch:
        place = next((i for i, known in enumerate(merged) if known.get(key) == item.get(key)), None)
        if place is None:
            merged.append(deepcopy(item))
        else:
            merged[place] = _strategic(merged[place], item)
    return merged


def _json_patch(document, operations):
    """RFC 6902: add, remove, replace and test."""
    document = deepcopy(document)
    for operation in operations:
        try:
            _apply(document, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"the server rejected our request due to an error in our request: {error!r}"
            raise ApiError(422, "Invalid", message) from error
    return document


def _apply(document, operation):
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
    for part in parents:
        document = document[int(part)] if isinstance(document, list) else document[part]
    verb, value = operation["op"], operation.get("value")
    if isinstance(document, list):
        last = len(document) if last == "-" else int(last)
    if verb == "remove":
        del document[last]
    elif verb == "test":
        if document[last] != value:
            raise ValueError(f"{operation['path']} is not {value}")
    elif isinstance(document, list) and verb == "add":
        document.insert(last, value)
    else:
        document[last] = value
