"""Templates in what shapes a plan: they are taken as they are with the operation's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.compiler.contexts import RunContext, variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.errors import CompilationError

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.runtimes import Runtime

SHAPING = ("concurrency", "earlyStopping")


def literal_dag(compiled: CompiledOperation) -> Runtime:
    """The `run` of a dag whose limits are no templates. Raises CompilationError for what is then no limit."""
    data = compiled.run.to_dict()
    seen = variables((*(compiled.inputs or ()), *(compiled.contexts or ())), RunContext())
    given = {**data, **{name: render(data[name], seen) for name in SHAPING if data.get(name) is not None}}
    try:
        return type(compiled.run).model_validate(given)
    except ValidationError as error:
        raise CompilationError(explain.faults(error, type(compiled.run), given)) from error
