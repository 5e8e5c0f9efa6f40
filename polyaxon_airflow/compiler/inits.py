"""Values that are put in place before the run: `toInit` of inputs and params (spec section 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.init.entry import Init

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.sections.io import IO

_BY_TYPE = {"git": "git", "dockerfile": "dockerfile", "artifacts": "artifacts"}


def init_entries(ios: Iterable[IO]) -> list[dict[str, Any]]:
    """An `init` entry for each value that asks for one. Raises CompilationError where the type cannot be one."""
    return [entry(io) for io in ios if io.to_init]


def entry(io: IO) -> dict[str, Any]:
    """What a value puts in place. Raises CompilationError if its type says nothing of that."""
    problem = why_not(io)
    if problem:
        raise CompilationError([Fault(problem, path=("params", io.name), rule="to-init")])
    data: dict[str, Any] = {"connection": io.connection} if io.connection else {}
    if io.type in _BY_TYPE:
        data[_BY_TYPE[io.type]] = io.value
    elif io.type == "path" and io.value is not None:
        data["paths"] = io.value if isinstance(io.value, list) else [io.value]
    try:
        Init.model_validate(data)
    except ValidationError as error:
        raise CompilationError(explain.faults(error, Init, data)) from error
    return data


def why_not(io: IO) -> str | None:
    """Why a value cannot be put in place, or None."""
    if not io.type:
        return f"'{io.name}' needs an input with a type to be put in place by toInit"
    if io.type not in _BY_TYPE and not io.connection:
        return f"'{io.name}' is of type {io.type}, which toInit can put in place with a connection only"
    return None
