"""Containers as polyaxonfiles write them, made into containers as Kubernetes takes them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.json_text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Container = dict[str, Any]

_LISTS_OF_MAPPINGS = ("env", "envFrom", "ports", "volumeMounts")

_REFERENCE = re.compile(r"(?<!\$)\$\(([^)]*)\)")  # `$(NAME)`, but not `$$(NAME)`

# Kubernetes wants text where YAML gives numbers: `args: [--epochs, 3]`, `cpu: 2`, `{name: DEBUG, value: true}`.


def literal_container(
    container: Mapping[str, Any], name: str, *, context: Mapping[str, Iterable[Any]]
) -> Container:
    """A container under `name`, with the lists of `context` (env, envFrom, volumeMounts, ports) after its own.

    Later variables win over earlier ones of the same name, so those of `context` win (spec section 5.1).
    """
    made: Container = {
        "name": container_name(name),
        **{key: value for key, value in container.items() if key != "name"},
    }
    for key in ("command", "args"):
        if made.get(key) is not None:
            words = made[key] if isinstance(made[key], list) else [made[key]]
            made[key] = [str(word) for word in words if word is not None]
    if made.get("resources"):
        made["resources"] = _quantities(made["resources"])
    for key, added in context.items():
        made[key] = [*(made.get(key) or []), *added]
    made["env"] = settled([variable(entry) for entry in made.get("env") or []])
    if "ports" in made:
        made["ports"] = list({port["containerPort"]: port for port in reversed(made["ports"])}.values())[::-1]
    return {key: value for key, value in made.items() if value not in (None, [], {})}


def check_shapes(container: Mapping[str, Any], name: str) -> None:
    """Raises CompilationError for a list of a container that is none, and for resources that are no mappings.

    Polyaxon reads them whatever they are, as templates may stand for them (spec section 2.8).
    """
    for key in _LISTS_OF_MAPPINGS:
        entries = container.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise _misshapen(key, name, "a list of mappings", entries)
    resources = container.get("resources") or {}
    if not isinstance(resources, dict):
        raise _misshapen("resources", name, "a mapping", resources)
    for key in ("requests", "limits"):
        if not isinstance(resources.get(key) or {}, dict):
            raise _misshapen(f"resources.{key}", name, "a mapping", resources[key])


def variable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `env`, with its value as text; `{NAME: value}` is read too, as Polyaxon does.

    >>> variable({"name": "EPOCHS", "value": 3})
    {'name': 'EPOCHS', 'value': '3'}
    """
    if "name" not in entry and len(entry) == 1:
        name, value = next(iter(entry.items()))
        entry = {"name": name, "value": value}
    if entry.get("value") is None:
        return dict(entry) if "valueFrom" in entry else {**entry, "value": ""}
    return {**entry, "value": as_text(entry["value"])}


def settled(variables: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The variables that a container ends up with: the last of each name, as custom resources take no other.

    A `$(NAME)` before that keeps the value that NAME had there.

    >>> settled([{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}, {"name": "A", "value": "2"}])
    [{'name': 'B', 'value': '1'}, {'name': 'A', 'value': '2'}]
    """
    counts = Counter(entry["name"] for entry in variables)
    repeated: dict[str, str] = {}  # values so far of names that stand more than once
    kept: dict[str, dict[str, Any]] = {}
    for entry in variables:
        name, made = entry["name"], _expanded(entry, repeated)
        kept.pop(name, None)
        kept[name] = made
        repeated.pop(name, None)
        if counts[name] > 1 and "value" in made:
            repeated[name] = made["value"]
    return list(kept.values())


def _expanded(entry: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    if not values or "value" not in entry:
        return entry
    return {**entry, "value": _REFERENCE.sub(lambda found: values.get(found[1], found[0]), entry["value"])}


def as_text(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json_text(value)


def container_name(text: str) -> str:
    """A name that Kubernetes takes (RFC 1123 label, at most 63 characters).

    >>> container_name("My_Step.1")
    'my-step-1'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-") or "container"


def requests_gpu(container: Mapping[str, Any]) -> bool:
    """Whether a container asks for a GPU of any vendor."""
    resources = container.get("resources") or {}
    amounts = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
    return any("gpu" in name and str(amount) not in {"0", "None"} for name, amount in amounts.items())


def _misshapen(key: str, name: str, wanted: str, value: Any) -> CompilationError:
    return CompilationError(f"'{key}' of container '{name}' must be {wanted}, not {json_text(value)}")


def _quantities(resources: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {name: str(amount) for name, amount in value.items()}
        if key in {"limits", "requests"} and value
        else value
        for key, value in resources.items()
    }
