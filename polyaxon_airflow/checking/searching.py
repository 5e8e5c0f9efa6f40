"""A matrix against what it searches for: spaces that do not suit their inputs, metrics that nobody writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.sections.io import IO
    from polyaxon_airflow.space import Space

_FRACTIONS = ("uniform", "loguniform", "normal", "lognormal")  # kinds that draw no whole numbers


def check_search(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """What no trial could take, and what no trial writes, in the matrix of an operation."""
    if composed.matrix is None:
        return
    layer = next((layer for layer in layers(authored) if layer.matrix is not None), authored)
    inputs = {io.name: io for io in composed.inputs or []}
    spaces = getattr(composed.matrix, "params", None)
    for name, space in spaces.items() if isinstance(spaces, dict) else ():
        if fault := _empty(name, space):
            yield Finding(layer, fault)
        if name in inputs and space.problem() is None and (fault := _unsuited(name, space, inputs[name])):
            yield Finding(layer, fault)
    outputs = sorted(io.name for io in composed.outputs or [])
    for path, name in _metrics(composed.matrix):
        meant = suggest(name, outputs) if name not in outputs else None
        if meant:  # any other name may be one that the run logs without declaring it
            yield Finding(
                layer,
                Fault(
                    f"no output is called '{name}'",
                    path=path,
                    suggestion=meant,
                    severity="warning",
                    rule="metric",
                ),
            )


def _metrics(matrix: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    metric = getattr(matrix, "metric", None)
    if metric is not None:
        yield ("matrix", "metric", "name"), metric.name
    stopping = getattr(matrix, "early_stopping", None)
    for index, policy in enumerate(stopping if isinstance(stopping, list) else ()):
        name = getattr(policy, "metric", None)
        if isinstance(name, str):
            yield ("matrix", "earlyStopping", index, "metric"), name


def _empty(name: str, space: Space) -> Fault | None:
    """What Polyaxon lets pass although there is nothing in it, or not what it looks like."""
    if space.kind == "choice" and space.value == []:
        return _fault(f"'{name}' has nothing to choose from", name, "Write value: [1, 2].")
    low, high = getattr(space.value, "low", 0), getattr(space.value, "high", 0)
    if low > high:
        return _fault(f"the low {low:g} of '{name}' is above its high {high:g}", name, "Swap them.")
    return None


def _unsuited(name: str, space: Space, io: IO) -> Fault | None:
    if io.type == "int" and space.kind in _FRACTIONS:
        other = "range" if space.kind.endswith("uniform") else "q" + space.kind
        return _fault(
            f"'{space.kind}' draws fractions, and '{name}' is an int", name, f"Take a {other}, or a choice."
        )
    if space.kind != "choice" or not io.type:
        return None
    for value in space.distinct() or ():
        try:
            io.check(value)
        except ValueError as error:
            return _fault(str(error), name, None)
    return None


def _fault(message: str, name: str, suggestion: str | None) -> Fault:
    path = ("matrix", "params", name)
    return Fault(message, path=path, suggestion=suggestion, severity="warning", rule="space")
