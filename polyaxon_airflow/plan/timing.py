"""`schedule` in a plan: its templates are taken as they are with the operation's own values, since no run is there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.compiler.contexts import RunContext, variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.errors import CompilationError, Fault

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.schedules import Schedule


def literal_schedule(compiled: CompiledOperation, schedule: Schedule) -> Schedule:
    """A schedule that can tell its times. Raises CompilationError for one that cannot."""
    seen = variables((*(compiled.inputs or ()), *(compiled.contexts or ())), RunContext())
    given = render(schedule.to_dict(), seen)
    try:
        literal = type(schedule).model_validate(given)
    except ValidationError as error:
        faults = explain.faults(error, type(schedule), given, above=("schedule",))
        raise CompilationError(faults) from error
    if faults := [_fault(literal, field, sentence) for field, sentence in literal.faults().items()]:
        raise CompilationError(faults)
    return literal


def _fault(schedule: Schedule, field: str, sentence: str) -> Fault:
    key = type(schedule).model_fields[field].alias or field
    return Fault(sentence, path=("schedule", key), rule="schedule")
