"""What may be written at the root instead of in `run`: `cmd`, `env`, `resources`, ... (spec section 2.2)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from polyaxon_airflow.merging import merge
from polyaxon_airflow.polyaxonfile import patching
from polyaxon_airflow.sections.kubernetes import Container

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.runtimes import Runtime
    from polyaxon_airflow.sections.patching import Strategy

# In the order in which they are applied: ports may choose the kind of run, cmd lies over container.
SHORTCUTS = (
    "ports",
    "container",
    "cmd",
    "env",
    "resources",
    "environment",
    "init",
    "connections",
    "sidecars",
    "volumes",
)

GPU = "nvidia.com/gpu"

_UNITS = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_UNITS |= {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_UNITS |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}
_QUANTITY = {
    "cpu": re.compile(r"(\d+(?:\.\d*)?|\.\d+)([mun]?)", re.ASCII),
    "memory": re.compile(r"(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[kMGTPE]?)", re.ASCII),
}
_COUNT = re.compile(r"(\d{1,18})()", re.ASCII)  # 64 bits are the end in Kubernetes


def check_cmd(cmd: str | list[str]) -> str | list[str]:
    lines = [cmd] if isinstance(cmd, str) else cmd
    if not lines or not all(line.strip() for line in lines):
        raise PydanticCustomError("cmd", "must not have an empty line")
    return cmd


def check_env(env: Any) -> Any:
    for name, value in env.items() if isinstance(env, dict) else ():
        if isinstance(value, (bool, int, float)):
            literal = str(value).lower() if isinstance(value, bool) else value
            raise PydanticCustomError(
                "env", '{name} must be text; quote it: "{literal}"', {"name": name, "literal": str(literal)}
            )
    return env


def check_resources(resources: Any) -> Any:
    for name, value in resources.items() if isinstance(resources, dict) else ():
        if name == GPU:
            raise PydanticCustomError("resources", "write gpu instead of nvidia.com/gpu")
        if name not in ("cpu", "memory", "gpu") and "/" not in str(name):
            message = (
                "unknown resource '{name}'; known: cpu, memory, gpu, and vendor names such as google.com/tpu"
            )
            raise PydanticCustomError("resources", message, {"name": str(name)})
        request_and_limit(name, value)
    return resources


def request_and_limit(name: str, value: Any) -> tuple[int | float | str | None, int | float | str | None]:
    """The request and the limit that `resources: {name: value}` means.

    Raises a pydantic error (a ValueError) for what is no quantity.

    >>> request_and_limit("memory", "1Gi..2Gi"), request_and_limit("cpu", 2), request_and_limit("gpu", 1)
    (('1Gi', '2Gi'), (2, None), (1, 1))
    """
    counted = name not in _QUANTITY
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if (
            value < 0
            or not math.isfinite(value)
            or value >= 2**63
            or (counted and not isinstance(value, int))
        ):
            raise _no_quantity(name, value)
        return value, value if counted else None
    if not isinstance(value, str):
        raise _no_quantity(name, value)
    low, is_range, high = (part.strip() for part in value.partition(".."))
    amounts = [_amount(name, part) for part in (low, high)]
    if not low and not high:
        raise PydanticCustomError("resources", "{name} needs a request, a limit, or both", {"name": name})
    if amounts[0] is not None and amounts[1] is not None and amounts[0] > amounts[1]:
        raise PydanticCustomError("resources", "{name} requests more than its limit", {"name": name})
    request, limit = ((int(part) if counted else part) if part else None for part in (low, high))
    return (request, limit) if is_range else (request, request if counted else None)


def _amount(name: str, text: str) -> float | None:
    if not text:
        return None
    match = _QUANTITY.get(name, _COUNT).fullmatch(text)
    if match is None:
        raise _no_quantity(name, text)
    number, unit = match.groups()
    return float(number) * _UNITS[unit]


def _no_quantity(name: str, value: Any) -> PydanticCustomError:
    examples = {"cpu": "2, 500m or 1..2", "memory": "512Mi or 1Gi..2Gi"}
    context = {"name": name, "value": str(value), "examples": examples.get(name, "a count such as 1")}
    return PydanticCustomError("resources", "{name} cannot be '{value}'; write {examples}", context)


def apply(operation: Operation, run: Runtime | None, strategy: Strategy) -> Runtime | None:
    """The run with what the operation writes at its root; a run of its own if there is none (spec section 2.2).

    Raises patching.UnfitError for what the kind of run has no place for.
    """
    given = {name: getattr(operation, name) for name in SHORTCUTS if getattr(operation, name) is not None}
    for name, value in given.items():
        kind = "service" if name == "ports" else "job"
        special = _APPLY.get(name)
        run = (
            special(run, value, strategy)
            if special
            else patching.lay_over(run, {name: value}, strategy, kind=kind)
        )
    return run


def _apply_cmd(run: Runtime | None, value: Any, strategy: Strategy) -> Runtime:
    lines = [value] if isinstance(value, str) else value
    container = {"command": ["/bin/sh", "-c"], "args": ["\n".join(["set -e", *lines])]}
    if run is None or strategy in ("post_merge", "replace"):
        # The pair is written as a whole, so that it never mixes with the arguments of another command.
        return patching.lay_over(run, {"container": container}, "replace")
    script = Container.model_validate(container)
    free = {
        path: pod
        for path, pod in run.pods().items()
        if not (pod.container and (pod.container.command or pod.container.args))
    }
    changed = {
        path: pod.model_copy(update={"container": merge(pod.container or script, script, "isnull")})
        for path, pod in free.items()
    }
    return run.with_pods(changed) if changed else run


def _apply_env(run: Runtime | None, value: Any, strategy: Strategy) -> Runtime:
    entries = [{"name": key, "value": text} for key, text in value.items()]
    merged = patching.lay_over(run, {"container": {"env": entries}}, strategy)
    if run is None or strategy in ("replace", "isnull"):
        return merged
    before = {path: pod.container.env if pod.container else None for path, pod in run.pods().items()}
    changed = {}
    for path, pod in merged.pods().items():
        old = before.get(path) or []
        if pod.container and isinstance(old, list):
            env = _last_of_each_name([*old, *entries] if strategy == "post_merge" else [*entries, *old])
            changed[path] = pod.model_copy(
                update={"container": pod.container.model_copy(update={"env": env})}
            )
    return merged.with_pods(changed)


def _apply_resources(run: Runtime | None, value: Any, strategy: Strategy) -> Runtime:
    sides: dict[str, dict[str, Any]] = {"requests": {}, "limits": {}}
    for resource, amount in value.items():
        for side, quantity in zip(sides, request_and_limit(resource, amount), strict=True):
            if quantity is not None:
                sides[side][GPU if resource == "gpu" else resource] = quantity
    resources = {side: quantities for side, quantities in sides.items() if quantities}
    return patching.lay_over(run, {"container": {"resources": resources}}, strategy)


def _last_of_each_name(env: list[Any]) -> list[Any]:
    last = {_env_name(entry): position for position, entry in enumerate(env)}
    return [
        entry
        for position, entry in enumerate(env)
        if last[_env_name(entry)] == position or _env_name(entry) is None
    ]


def _env_name(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return None
    return entry.get("name") if "name" in entry or len(entry) != 1 else next(iter(entry))


_APPLY: dict[str, Callable[[Runtime | None, Any, Strategy], Runtime]] = {
    "cmd": _apply_cmd,
    "env": _apply_env,
    "resources": _apply_resources,
}
