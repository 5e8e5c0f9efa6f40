"""`resolve`: the operation of a task without a template left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation, RunContext, resolve
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.inputs import given_values
from polyaxon_airflow.execution.joins import joined_values
from polyaxon_airflow.execution.launching import run_globals
from polyaxon_airflow.execution.references import referenced_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.store import Run


def compiled_of(task: Task) -> CompiledOperation:
    """The operation of a task, as the polyaxonfile has it."""
    return CompiledOperation.from_dict(dict(task.plan.operations[task.node.operation]))


def resolved(
    task: Task, around: Surroundings, run: Run, suggested: Mapping[str, Any] | None = None
) -> CompiledOperation:
    """The literal operation. Values that other runs have, then those given at the trigger, joins, a matrix's `suggested`.

    Raises CompilationError.
    """
    compiled = compiled_of(task)
    references = {name: param for name, param in (compiled.params or {}).items() if param.ref}
    params = referenced_values(references, Family(task, around).find)
    if task.node.operation == "":
        params |= given_values(compiled, task.conf)
    known = run_globals(run)
    params |= joined_values(compiled, around, params, known)
    return resolve(compiled, RunContext(globals=known, params={**params, **(suggested or {})}))
