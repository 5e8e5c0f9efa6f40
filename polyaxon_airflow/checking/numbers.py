"""Numbers that Polyaxon takes as they are, although nothing can be done so many times or after so long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import dotted
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation

Path = tuple[str | int, ...]

SECTIONS = ("termination", "cache", "run", "matrix", "joins", "plugins")
_USERS = ("container", "environment", "init", "sidecars", "volumes", "operations", "components", "runtimeEnv", "metadata",
          "params", "values")  # fmt: skip
_LEAST = {
    "maxRetries": 0, "timeout": 0, "ttl": 0, "replicas": 0, "minReplicas": 0, "maxReplicas": 0, "limit": 0, "offset": 0,
    "minInterval": 0, "minSamples": 0, "evaluationInterval": 1, "percent": 0, "slotsPerWorker": 1, "nProcPerNode": 1,
    "sleepInterval": 0, "syncInterval": 0,
}  # fmt: skip
_MOST_PERCENT = 100
_PORTS = range(1, 65536)


def check_numbers(authored: Operation) -> Iterator[Finding]:
    """Numbers out of range in an operation and its component."""
    for layer in layers(authored):
        data = layer.to_dict()
        for section in SECTIONS:
            yield from (Finding(layer, fault) for fault in _below(data.get(section), (section,)))
        for index, port in enumerate(_ports(data)):
            if isinstance(port, int) and port not in _PORTS:
                path = ("ports", index) if "ports" in data else ("run", "ports", index)
                yield Finding(layer, _fault(f"{port} is no port; they go from 1 to 65535", path))


def _ports(data: dict[str, Any]) -> list[Any]:
    run = data.get("run")
    ports = data.get("ports") or (run.get("ports") if isinstance(run, dict) else None)
    return ports if isinstance(ports, list) else []


def _below(value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _below(item, (*path, index))
    elif isinstance(value, dict):
        for key, below in value.items():
            if key not in _USERS:
                yield from _below(below, (*path, key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number(str(path[-1]), value, path)


def _number(key: str, value: float, path: Path) -> Iterator[Fault]:
    least = _LEAST.get(key)
    if least is not None and value < least:
        yield _fault(f"'{dotted(path)}' is {value}, and the least is {least}", path)
    elif key == "percent" and value > _MOST_PERCENT:
        yield _fault(f"'{dotted(path)}' is {value}, and the most is {_MOST_PERCENT}", path)
    elif key == "eta" and value <= 1:
        yield _fault(f"'{dotted(path)}' is {value}: each rung keeps one trial in eta, so it is above 1", path)


def _fault(message: str, path: Path) -> Fault:
    return Fault(message, path=path, severity="warning", rule="number")
