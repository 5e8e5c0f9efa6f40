"""What Polyaxon's own server needs and nothing here does: it is read, so that the file is taken, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyaxon_airflow.polyaxonfile.operation import Operation

Path = tuple[str | int, ...]

_NO_TERMINAL = "a task has no terminal that one could join"
_NO_SERVER = "runs talk to no server of Polyaxon's"
_LIVE = "the helper follows a run as it writes, without such a setting"

# Place -> (the value that asks for something, None for any; why nothing comes of it; what to write instead).
_IGNORED: Mapping[Path, tuple[Any, str, str | None]] = {
    ("plugins", "tmux"): (True, _NO_TERMINAL, None),
    ("plugins", "sandbox"): (True, _NO_TERMINAL, None),
    ("plugins", "ssh"): (True, _NO_TERMINAL, None),
    ("plugins", "auth"): (True, _NO_SERVER, None),
    ("plugins", "externalHost"): (True, _NO_SERVER, None),
    ("plugins", "syncStatuses"): (False, "Airflow always knows the state of a task", None),
    ("plugins", "sidecar", "sleepInterval"): (None, _LIVE, None),
    ("plugins", "sidecar", "monitorLogs"): (None, _LIVE, None),
    ("plugins", "sidecar", "monitorSpec"): (None, _LIVE, None),
    ("plugins", "sidecar", "noConnections"): (None, _LIVE, None),
    ("mount",): (
        None,
        "Polyaxon's command line uploads these files when it submits a run, and Airflow has none",
        "Take a volume, or an entry of init.",
    ),
}
_OF_JOINS = "all runs are in one store"
_OF_SERVICES = ("culling", "probe")  # in termination
_NO_SERVICE = "only a service is watched for being idle"
_OF_TUNERS = "its trials ask for their params themselves, and no tuner runs"


def check_ignored(authored: Operation) -> Iterator[Finding]:
    """The fields of an operation and its component that do nothing here, each with the reason."""
    found = [(layer, layer.to_dict()) for layer in layers(authored)]
    kinds = {data["run"].get("kind") for _, data in found if isinstance(data.get("run"), dict)}
    for layer, data in found:
        for path, (asking, reason, instead) in _IGNORED.items():
            value = _at(data, path)
            if value is not None and (asking is None or value is asking):
                yield Finding(layer, _fault(path, reason, instead))
        for path in _refs_of_joins(data):
            yield Finding(layer, _fault(path, _OF_JOINS, None))
        for name in _OF_SERVICES:
            if kinds and "service" not in kinds and _at(data, ("termination", name)):
                yield Finding(layer, _fault(("termination", name), _NO_SERVICE, "Write termination.timeout."))
        matrix = data.get("matrix")
        if isinstance(matrix, dict) and matrix.get("tuner") and matrix.get("kind") != "iterative":
            instead = "Write 'kind: iterative' for a tuner of your own."
            yield Finding(layer, _fault(("matrix", "tuner"), _OF_TUNERS, instead))


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _refs_of_joins(data: Mapping[str, Any]) -> Iterator[Path]:
    joins = data.get("joins")
    for index, join in enumerate(joins if isinstance(joins, list) else ()):
        if join.get("ref"):
            yield ("joins", index, "ref")
        params = join.get("params")
        for name, param in params.items() if isinstance(params, dict) else ():
            if isinstance(param, dict) and param.get("ref"):
                yield ("joins", index, "params", name, "ref")


def _fault(path: Path, reason: str, instead: str | None) -> Fault:
    name = ".".join(step for step in path if isinstance(step, str))
    message = f"'{name}' does nothing here: {reason}"
    return Fault(message, path=path, of_key=True, suggestion=instead, severity="warning", rule="ignored")
