"""The key by which equal runs are found, so that one may take the results of another (spec section 3.8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from polyaxon_airflow.compiler.contexts import RunContext, variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.compiler.resolving import bind_values
from polyaxon_airflow.sections.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyaxon_airflow.compiler.compiled import CompiledOperation
    from polyaxon_airflow.runtimes import PodTemplate
    from polyaxon_airflow.sections.io import IO

# The namespace of the keys; any constant would do, since keys are compared with one another only.
NAMESPACE = UUID("5d7c3b0e-4d7b-5b0c-9b57-6f6c7a2f8f3e")

SECTIONS = ("containers", "init", "connections")


def cache_key(compiled: CompiledOperation, context: RunContext | None = None) -> str | None:
    """The key of a run: its values, and what it executes. None if there is nothing to tell it by.

    `compiled` is an operation before its templates are rendered, so that `{{ globals.uuid }}` in an argument does not
    make every run a new one; `context` has the values that are still open in it. Beyond what Polyaxon looks at, images
    count: another image is another program. Raises CompilationError if a value is not known.
    """
    bound = bind_values(compiled, context or RunContext())
    ios = [*(bound.inputs or []), *(bound.outputs or []), *(bound.contexts or [])]
    cache = _cache(bound, variables(ios, context or RunContext()))
    parts = _values(bound, cache.get("io"))
    sections = cache.get("sections") or SECTIONS
    for path, pod in bound.run.pods().items():
        found = {key: value for key, value in _pod(pod, sections).items() if value}
        parts |= {"/".join((*path, key)): value for key, value in found.items()}
    if not parts:
        return None
    text = json.dumps([bound.run.kind, parts], sort_keys=True, default=str)
    return uuid5(NAMESPACE, text).hex


def _cache(compiled: CompiledOperation, seen: dict[str, Any]) -> dict[str, Any]:
    cache = compiled.cache
    rendered = render(cache.to_dict() if isinstance(cache, Cache) else cache, seen)
    return rendered if isinstance(rendered, dict) else {}


def _values(compiled: CompiledOperation, names: Collection[str] | None) -> dict[str, Any]:
    """The inputs, and the outputs and contexts that have a value, in the order of their names."""
    given = {"inputs": compiled.inputs, "outputs": compiled.outputs, "contexts": compiled.contexts}
    found = {}
    for section, ios in given.items():
        kept = [_value(io) for io in ios or [] if _counts(io, names, always=section == "inputs")]
        if kept:
            found[section] = sorted(kept, key=lambda value: str(value["name"]))
    return found


def _counts(io: IO, names: Collection[str] | None, *, always: bool) -> bool:
    return (names is None or io.name in names) and (always or io.value is not None)


def _value(io: IO) -> dict[str, Any]:
    return {"name": io.name, "type": io.type, "value": io.value}


def _pod(pod: PodTemplate, sections: Collection[str]) -> dict[str, Any]:
    data = pod.to_dict()
    found: dict[str, Any] = {}
    if "init" in sections:
        entries = data.get("init") or []
        found["init"] = [{**entry, "container": _program(entry.get("container"))} for entry in entries]
    if "connections" in sections:
        found["connections"] = data.get("connections")
    if "containers" in sections:
        containers = [data.get("container"), *(data.get("sidecars") or [])]
        found["containers"] = [_program(container) for container in containers if container]
    return found


def _program(container: dict[str, Any] | None) -> dict[str, Any]:
    """What a container executes; its environment and resources do not change what it computes."""
    return (
        {key: container[key] for key in ("image", "command", "args") if key in container} if container else {}
    )
