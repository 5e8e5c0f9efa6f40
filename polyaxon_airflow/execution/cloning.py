"""Runs that go on from an earlier one: resume, restart, copy (spec section 3.15).

`conf` of the DAG run says which, as `polyaxon-airflow runs` does: `{"restart": UUID}`, `{"copy": UUID}`,
`{"resume": UUID}`. A `patch` beside it is a preset, or a list of them, written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from polyaxon_airflow.compiler import apply_preset
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.execution.inputs import given_values
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.presets import preset_from_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Task
    from polyaxon_airflow.polyaxonfile.presets import Preset
    from polyaxon_airflow.store import Run, RunStore

Kind = Literal["restart", "copy", "resume"]
KINDS: tuple[Kind, ...] = ("restart", "copy", "resume")
PATCH = "patch"  # word of `conf`
# What shapes the tasks of a DAG, which are there before anybody triggers it.
SHAPING = (
    "build",
    "dependencies",
    "events",
    "hooks",
    "is_approved",
    "matrix",
    "queue",
    "schedule",
    "trigger",
)


class Clone(NamedTuple):
    """An earlier run, and what is made of it."""

    kind: Kind
    original: Run


def is_cloning(task: Task) -> bool:
    """Whether the DAG run repeats an earlier one, so that nothing is taken from the cache."""
    return any(task.conf.get(kind) for kind in KINDS)


def clone_of(task: Task, store: RunStore) -> Clone | None:
    """What the DAG run as a whole goes on from. Raises CompilationError for a run that is not there.

    `resume` of a sweep is not meant: that names a DAG run, and its trials go on (`sweeps`).
    """
    kind = next((kind for kind in KINDS if task.conf.get(kind)), None)
    if kind is None or (kind == "resume" and _is_sweep(task)):
        return None
    uuid = str(task.conf[kind]).replace("-", "")
    original = store.runs.get(uuid)
    if original is None:
        raise CompilationError(f"conf asks to {kind} run '{uuid}', and there is none")
    if original.dag_id != task.identity.dag_id:
        raise CompilationError(
            f"conf asks to {kind} run '{uuid}', which is one of {original.dag_id or 'no DAG'}"
        )
    if original.pipeline is not None:
        raise CompilationError(
            f"conf asks to {kind} run '{uuid}', which is a part of {original.dag_run_id}; clear its task "
            f"{original.task_id} there, or {kind} {original.controller or original.pipeline}"
        )
    return Clone(kind, original)


def is_whole(task: Task) -> bool:
    """Whether a task is about the file's own operation, and not about one of its dag or a trial."""
    return not task.node.operation.partition("/")[0] and task.node.kind != "trial"


def resumed_uuid(task: Task) -> str | None:
    """The uuid of the run that this task goes on with, under that uuid; a clear starts it afresh."""
    node, resumed = task.node, task.conf.get("resume")
    if node.kind != "run" or node.operation or task.identity.generation or not resumed:
        return None
    return str(resumed).replace("-", "")


def trigger_values(compiled: CompiledOperation, task: Task, store: RunStore) -> dict[str, Any]:
    """What the trigger gave for the file's own operation; for the rest, what the run had that this one goes on from.

    Raises CompilationError for words of `conf` that mean nothing.
    """
    given = given_values(compiled, task.conf)
    clone = clone_of(task, store)
    if clone is None:
        return given
    known = {io.name for io in (*(compiled.inputs or ()), *(compiled.contexts or ()))}
    return {**{name: value for name, value in clone.original.inputs.items() if name in known}, **given}


def with_patches(compiled: CompiledOperation, task: Task) -> CompiledOperation:
    """The file's own operation with the presets that `conf` holds as documents. Raises CompilationError."""
    given = task.conf.get(PATCH)
    if not given or task.node.operation:
        return compiled
    if compiled.run.kind == "dag":
        raise CompilationError(f"conf has a {PATCH}, which would reach no operation of the dag")
    try:
        for document in given if isinstance(given, list) else [given]:
            compiled = apply_preset(compiled, _preset(document))
    except FaultsError as error:
        raise CompilationError(error.faults) from error
    return compiled


def _preset(document: Any) -> Preset:
    if not isinstance(document, dict):
        raise CompilationError(f"{PATCH} of conf is a preset, written out, or a list of them")
    preset = preset_from_value(document, f"{PATCH} of conf")
    late = [name for name in SHAPING if getattr(preset.operation, name) is not None]
    if late:
        key = Operation.model_fields[late[0]].alias or late[0]
        raise CompilationError(
            f"{preset.label}: '{key}' shapes the DAG, so a trigger cannot change it any more"
        )
    return preset


def _is_sweep(task: Task) -> bool:
    root: Mapping[str, Any] = task.plan.operations.get("", {})
    return root.get("matrix") is not None
