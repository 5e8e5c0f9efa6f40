"""What templates see: params by name, `params`, `globals`, `connections`, `init` (spec section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.json_text import json_text
from polyaxon_airflow.runtimes.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyaxon_airflow.runtimes import Runtime
    from polyaxon_airflow.sections.io import IO


@dataclass(frozen=True)
class RunContext:
    """What is known about one run when it starts."""

    # By the names of spec section 3.4: uuid, name, run_outputs_path, ...
    globals: Mapping[str, Any] = field(default_factory=dict)
    # Values by the names of inputs and params: read from refs and joins, suggested by a matrix, given to the trigger.
    params: Mapping[str, Any] = field(default_factory=dict)
    # By their names: the schema of each connection, with `name` and `kind`.
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    artifacts_store: str | None = None  # the connection that artifacts come from when nothing else is said


def variables(ios: Iterable[IO], context: RunContext, *, hidden: Iterable[IO] = ()) -> dict[str, Any]:
    """The variables of templates: each input, output and param by its name, `params` with more about each, `globals`.

    `hidden` are in no `params.as_args`.
    """
    shown: dict[str, Any] = {}
    details: dict[str, Any] = {}
    arguments = []
    for io in ios:
        shown[io.name] = display_value(io)
        details[io.name] = _details(io)
        arguments.append(details[io.name]["as_arg"])
    for io in hidden:
        shown[io.name] = display_value(io)
    details["as_args"] = [argument for argument in arguments if argument]
    return {**shown, "globals": dict(context.globals), "params": details}


def service_globals(run: Runtime, known: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """`ports`, `base_url` and `base_urls` of a service; none for other kinds, and where they are known already."""
    if not isinstance(run, Service):
        return {}
    ports = render(run.ports, seen)
    numbers = ports if isinstance(ports, list) and ports else [80]
    place = "/".join(str(known.get(name)) for name in ("namespace", "owner_name", "project_name"))
    door = ("rewrite-" if run.rewrite_path else "") + ("external" if run.is_external else "services")
    urls = [f"/{door}/v1/{place}/runs/{known.get('uuid')}/{port}" for port in numbers]
    return {"ports": ports, "base_url": urls[0], "base_urls": urls, **known}


def display_value(io: IO) -> Any:
    """What `{{ name }}` gives: the value, as text for a str; for a flag its option or nothing."""
    if io.is_flag:
        return f"--{io.name}" if io.value else ""
    return _typed(io)


def as_argument(io: IO) -> str:
    """What `{{ params.name.as_arg }}` gives: `--name=value`, a flag's option, or nothing for no value."""
    if io.value is None:
        return ""
    if io.arg_format:
        return str(render(io.arg_format, {io.name: _typed(io)}))
    return str(display_value(io)) if io.is_flag else f"--{io.name}={to_text(_typed(io))}"


def to_text(value: Any) -> str:
    """A value as one argument: JSON for what is no text, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise CompilationError(f"{value} does not fit in 64 bits")
    return json_text(value) if isinstance(value, (bool, int, float, list, dict)) else str(value)


def _typed(io: IO) -> Any:
    if io.type in (None, "any") and isinstance(io.value, datetime):
        return io.value.isoformat()
    if io.type != "str" or io.value is None:
        return [] if io.type == "str" and io.is_list else io.value
    if io.is_list and isinstance(io.value, list):
        return [None if item is None else to_text(item) for item in io.value]
    return to_text(io.value)


def _details(io: IO) -> dict[str, Any]:
    return {
        "connection": io.connection,
        "value": _typed(io),
        "type": io.type,
        "as_str": to_text(display_value(io)),
        "as_arg": as_argument(io),
    }
