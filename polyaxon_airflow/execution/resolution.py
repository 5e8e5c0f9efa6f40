"""`resolve`: the operation of a task without a template left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.compiler import CompiledOperation, RunContext, apply_preset, cache_key, resolve
from polyaxon_airflow.compiler.contexts import variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.compiler.resolving import bind_values
from polyaxon_airflow.connections.catalogue import contexts_of
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.execution.artifacts import with_sources
from polyaxon_airflow.execution.cloning import trigger_values, with_patches
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.images import with_built_image
from polyaxon_airflow.execution.joins import joined_values
from polyaxon_airflow.execution.launching import run_globals
from polyaxon_airflow.execution.references import referenced_values
from polyaxon_airflow.matrix import MATRIX
from polyaxon_airflow.plan.choices import chosen_presets
from polyaxon_airflow.polyaxonfile.presets import preset_from_value
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.matrix import Matrix
    from polyaxon_airflow.sections.io import IO
    from polyaxon_airflow.store import Run

# `globals` that are different in every run.
ITS_OWN = (
    "uuid", "run_info", "run_artifacts_path", "run_outputs_path", "run_relative_outputs_path", "created_at", "compiled_at",
    "started_at", "status", "condition", "original_uuid", "cloning_kind",
)  # fmt: skip


def compiled_of(task: Task) -> CompiledOperation:
    """The operation of a task, as the polyaxonfile has it, with the presets that its run was triggered with.

    Raises CompilationError for a preset that does not fit.
    """
    compiled = CompiledOperation.from_dict(dict(task.plan.operations[task.node.operation]))
    chosen = chosen_presets(task.conf, task.plan.schemas())
    return with_patches(_with_presets(compiled, task, chosen), task)


def resolved(
    task: Task, around: Surroundings, run: Run, suggested: Mapping[str, Any] | None = None
) -> CompiledOperation:
    """The literal operation. Values that other runs have, then those given at the trigger, joins, a matrix's `suggested`.

    Raises CompilationError.
    """
    literal = resolve(*_given(task, around, run, suggested))
    return with_sources(literal, around.store, around.clock())


def key_of(
    task: Task, around: Surroundings, run: Run, suggested: Mapping[str, Any] | None = None
) -> str | None:
    """The key by which runs that are the same are found; see `compiler.cache_key`.

    What tells this run from others, as its uuid does, does not count, so that a path of its own in an argument does
    not make every run a new one. Raises CompilationError.
    """
    compiled, context = _given(task, around, run, suggested)
    known = {name: value for name, value in context.globals.items() if name not in ITS_OWN}
    return cache_key(with_built_image(compiled, task, around), replace(context, globals=known))


def _given(
    task: Task, around: Surroundings, run: Run, suggested: Mapping[str, Any] | None
) -> tuple[CompiledOperation, RunContext]:
    """The operation with all of its presets, and what its templates see."""
    compiled = compiled_of(task)
    context = _context(task, around, compiled, run)
    compiled = _with_presets(compiled, task, _rendered_presets(compiled, context))
    return compiled, replace(context, params={**context.params, **(suggested or {})})


def _with_presets(compiled: CompiledOperation, task: Task, names: Iterable[str]) -> CompiledOperation:
    for name in names:
        if name not in task.plan.presets:
            known = ", ".join(task.plan.presets) or "none"
            fault = Fault(f"no preset is called '{name}'; known: {known}", path=("presets",), rule="preset")
            raise CompilationError([fault])
        compiled = apply_preset(compiled, preset_from_value(task.plan.presets[name], f"preset {name}"))
    return compiled


def _rendered_presets(compiled: CompiledOperation, context: RunContext) -> list[str]:
    """The names of presets that were templates; the others lie over the operation since it was planned."""
    names = [name for name in compiled.presets or () if is_template(name)]
    seen = variables(_declared(bind_values(compiled, context)), context) if names else {}
    return [str(render(name, seen)) for name in names]


def literal_matrix(task: Task, around: Surroundings, compiled: CompiledOperation, run: Run) -> Matrix:
    """The matrix of a sweep without templates; it sees the values that its trials have in common.

    Raises CompilationError.
    """
    matrix = compiled.matrix
    assert matrix is not None  # noqa: S101 - only sweeps come here
    if not any(problem.is_template for problem in matrix.problems()):
        return matrix
    try:
        return MATRIX.validate(render(matrix.to_dict(), _common(task, around, compiled, run)))
    except ValidationError as error:
        raise CompilationError(explain.faults(error, type(matrix), matrix.to_dict())) from error


def literal_condition(task: Task, around: Surroundings, compiled: CompiledOperation, run: Run) -> str | None:
    """The condition of a dag or a sweep as a whole; None if there is none.

    So it is also if it depends on what only trials know, the params of a matrix: each of them decides for itself.
    Raises CompilationError.
    """
    if compiled.conditions is None:
        return None
    try:
        return str(render(compiled.conditions, _common(task, around, compiled, run)))
    except CompilationError:
        if compiled.matrix is None:
            raise
        return None


def _common(task: Task, around: Surroundings, compiled: CompiledOperation, run: Run) -> dict[str, Any]:
    """What templates see of the values that all runs of a dag or a sweep have in common."""
    context = _context(task, around, compiled, run)
    ios = [
        io.model_copy(update={"value": context.params.get(io.name, io.value)}) for io in _declared(compiled)
    ]
    return {**variables(ios, context), **context.params}


def _context(task: Task, around: Surroundings, compiled: CompiledOperation, run: Run) -> RunContext:
    references = {name: param for name, param in (compiled.params or {}).items() if param.ref}
    params = referenced_values(references, Family(task, around).find)
    params |= _artifacts_by_path(compiled, params)
    if task.node.operation == "":
        params |= trigger_values(compiled, task, around.store)
    known = {**run_globals(run), **_told_at_start(task)}
    params |= joined_values(compiled, around, params, known, run.uuid)
    return RunContext(
        globals=known,
        params=params,
        connections=contexts_of(around.connections),
        artifacts_store=around.artifacts.connection.name if around.artifacts else None,
    )


def _declared(compiled: CompiledOperation) -> list[IO]:
    return [*(compiled.inputs or ()), *(compiled.contexts or ())]


def _artifacts_by_path(compiled: CompiledOperation, params: Mapping[str, Any]) -> dict[str, Any]:
    """Artifacts of another run (`value: artifacts.outputs`) as an input of type `artifacts` takes them."""
    names = [io.name for io in compiled.inputs or () if io.type == "artifacts"]
    return {name: {"dirs": [params[name]]} for name in names if isinstance(params.get(name), str)}


def _told_at_start(task: Task) -> dict[str, Any]:
    """`globals.event`, what a dag run was started by, and `globals.events`, all of it; empty if it was by no event."""
    return {"event": task.conf.get("event") or {}, "events": task.conf.get("events") or []}
