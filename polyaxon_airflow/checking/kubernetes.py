"""Kubernetes objects below their first level: keys that do not exist, lists that are none.

Polyaxon passes them on as they are, and the cluster refuses them when the run starts; here they are warnings.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.checking.resources import check_resources
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import dotted, suggest
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

# Where a polyaxonfile holds Kubernetes objects, below a pod template or the root.
_OBJECTS = {
    "container": "V1Container",
    "sidecars": "list[V1Container]",
    "volumes": "list[V1Volume]",
    "affinity": "V1Affinity",
    "tolerations": "list[V1Toleration]",
    "hostAliases": "list[V1HostAlias]",
    "securityContext": "V1SecurityContext",
    "dnsConfig": "V1PodDNSConfig",
    "podFailurePolicy": "V1PodFailurePolicy",
    "exec": "V1ExecAction",
    "http": "V1HTTPGetAction",
}
_HOLDERS = ("run", "runPatch", "environment", "init", "termination", "probe", "chief", "ps", "worker", "evaluator", "master",
            "launcher", "scheduler", "head", "workers")  # fmt: skip


def check_objects(data: Mapping[str, Any], path: Path = ()) -> Iterator[Fault]:
    """What is wrong with the Kubernetes objects in an operation, a run or a part of one."""
    for key, value in data.items():
        here = (*path, key)
        if key in _OBJECTS:
            yield from _check(value, _OBJECTS[key], here)
        elif isinstance(value, dict) and (key in _HOLDERS or path[-1:] == ("workers",)):
            yield from check_objects(value, here)
        elif isinstance(value, list) and key == "init":
            for index, entry in enumerate(value):
                yield from check_objects(entry, (*here, index)) if isinstance(entry, dict) else ()


@cache
def _fields() -> Mapping[str, Mapping[str, str]]:
    """The keys of each object with their types; made by tools/kubernetes_fields.py."""
    text = files("polyaxon_airflow.checking").joinpath("kubernetes.json").read_text(encoding="utf-8")
    fields: Mapping[str, Mapping[str, str]] = json.loads(text)
    return fields


def _check(value: Any, kind: str, path: Path) -> Iterator[Fault]:
    if value is None or is_template(value):
        return
    items = re.fullmatch(r"list\[(.+)\]", kind)
    if items:
        yield from _check_list(value, items[1], path)
    elif kind in _fields():
        yield from _check_object(value, kind, path)
    elif kind.startswith("dict"):
        if not isinstance(value, dict):
            yield _misfit(path, "a mapping", value)
    elif isinstance(value, (dict, list)) and kind != "object":
        yield _misfit(path, "text" if kind == "str" else kind, value)
    elif kind == "str" and not isinstance(value, str) and path[-1] != "value":
        yield _misfit(path, "text", value)
    elif kind == "bool" and not isinstance(value, bool):
        yield _misfit(path, "true or false", value)
    elif kind == "int" and type(value) is not int:
        yield _misfit(path, "a whole number", value)


def _check_list(value: Any, kind: str, path: Path) -> Iterator[Fault]:
    if not isinstance(value, list):
        suggestion = f"Write [{value}]." if not isinstance(value, dict) else "Start each item with '- '."
        yield _misfit(path, "a list", value, suggestion)
        return
    is_argument = path[-1] in ("args", "command")  # numbers become text there
    for index, item in enumerate(value):
        if not (is_argument and not isinstance(item, (dict, list))):
            yield from _check(item, kind, (*path, index))


def _check_object(value: Any, kind: str, path: Path) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield _misfit(path, "a mapping", value)
        return
    known = _fields()[kind]
    if kind == "V1ResourceRequirements":
        yield from check_resources(value, path)
    for key, below in value.items():
        if key in known:
            yield from _check(below, known[key], (*path, key))
        elif len(path) > 0 and not _is_first_level(path):
            message = f"Kubernetes has no '{key}' in '{dotted(path)}'; known: {', '.join(sorted(known))}"
            yield _warning(message, (*path, key), suggest(key, known), "unknown-key", of_key=True)


def _is_first_level(path: Path) -> bool:
    """Whether the object itself is a section, whose keys have been checked when it was read."""
    return path[-1] in _OBJECTS or (isinstance(path[-1], int) and path[-2] in _OBJECTS)


def _misfit(path: Path, wanted: str, value: Any, suggestion: str | None = None) -> Fault:
    said = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else f"'{value}'"
    return _warning(f"Kubernetes wants {wanted} in '{dotted(path)}', not {said}", path, suggestion, "type")


def _warning(message: str, path: Path, suggestion: str | None, rule: str, *, of_key: bool = False) -> Fault:
    return Fault(message, path=path, suggestion=suggestion, severity="warning", rule=rule, of_key=of_key)
