"""Label and field selectors, as the API server reads them."""

from __future__ import annotations

import re

SET = re.compile(r"^(?P<key>\S+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)$")
BETWEEN_REQUIREMENTS = re.compile(r",(?![^(]*\))")  # a comma that is not inside `in (a,b)`


def labels_match(selector, labels):
    """Whether `labels` satisfy `selector`, such as `app=a,tier in (x,y),!canary`."""
    parts = (part.strip() for part in BETWEEN_REQUIREMENTS.split(selector or ""))
    return all(_requirement_holds(part, labels) for part in parts if part)


def fields_match(selector, obj):
    """Whether an object satisfies `metadata.name=a,status.phase!=Running`."""
    return all(_field_holds(part, obj) for part in (selector or "").split(",") if part)


def _requirement_holds(part, labels):
    if found := SET.match(part):
        values = {value.strip() for value in found["values"].split(",")}
        among = labels.get(found["key"]) in values
        return among if found["operator"] == "in" else not among
    if "!=" in part:
        key, value = part.split("!=", 1)
        return labels.get(key.strip()) != value.strip()
    if "=" in part:
        key, value = re.split("==?", part, maxsplit=1)
        return labels.get(key.strip()) == value.strip()
    return part[1:].strip() not in labels if part.startswith("!") else part in labels


def _field_holds(part, obj):
    path, operator, value = re.split("(!=|==?)", part, maxsplit=1)
    found = obj
    for key in path.strip().split("."):
        found = found.get(key) if isinstance(found, dict) else None
    equal = str("" if found is None else found) == value.strip()
    return equal != (operator == "!=")
