"""An operation over its component, over what that refers to: one flat operation (spec sections 3.1 and 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.merging import merge
from polyaxon_airflow.polyaxonfile import patching, shortcuts
from polyaxon_airflow.polyaxonfile.operation import REFERENCES, Operation
from polyaxon_airflow.polyaxonfile.sources import Finding, FindingsError
from polyaxon_airflow.runtimes import Runtime

if TYPE_CHECKING:
    from polyaxon_airflow.polyaxonfile.patching import UnfitError
    from polyaxon_airflow.sections.patching import Strategy

DEFAULT_STRATEGY: Strategy = "post_merge"

_NOT_MERGED = {
    "kind",
    "version",
    "component",
    "run",
    "run_patch",
    "patch_strategy",
    "is_preset",
    "strict_params",
}
_NOT_MERGED |= {*REFERENCES, *shortcuts.SHORTCUTS}
# What a dag's node never takes from its component.
_OF_THE_NODE = ("name", "dependencies", "trigger", "conditions", "joins", "skip_on_upstream_skip", "schedule")


def compose(
    operation: Operation, *, run_strategy: Strategy | None = None, is_node: bool = False
) -> Operation:
    """The operation with everything from its component in it, and `run` of a kind.

    `run_strategy` replaces the operation's patchStrategy for what patches its run, as when a run is started again with
    other settings. Raises FindingsError.
    """
    base = compose(operation.component) if operation.component is not None else Operation()
    if operation.component is None and operation.reference is not None:
        raise _unresolved(operation, *operation.reference)
    strategy = operation.patch_strategy or DEFAULT_STRATEGY
    composed = merge(base, operation, strategy, fields=operation.model_fields_set - _NOT_MERGED)
    update: dict[str, Any] = {
        "run": _run(base.run, operation, strategy, run_strategy or strategy),
    }
    if base.strict_params or operation.strict_params:
        update["strict_params"] = True
    if base.version is None and operation.version is not None:
        update["version"] = operation.version
    if is_node:
        update |= {field: getattr(operation, field) for field in _OF_THE_NODE}
    return composed.model_copy(update=update)


def unfit(layer: Operation, error: UnfitError) -> FindingsError:
    """What a patch of a run has that its kind has no place for, where the layer says it."""
    if error.patch is layer.run_patch:
        above: tuple[str, ...] = ("runPatch",)
    else:
        above = ("run",) if error.patch is layer.run else ()
    found = explain.faults(error.error, error.model, error.patch, above=above)
    return FindingsError(Finding(layer, fault) for fault in found)


def _run(base: object, operation: Operation, strategy: Strategy, over: Strategy) -> Runtime | None:
    run = base if isinstance(base, Runtime) else None
    try:
        if "run" in operation.model_fields_set:
            run = patching.lay_run_over(run, operation.run, strategy)
        run = shortcuts.apply(operation, run, over)
        if not operation.run_patch:
            return run
        if run is None:
            fault = Fault("runPatch has no run to patch", path=("runPatch",), of_key=True, rule="run-patch")
            raise FindingsError([Finding(operation, fault)])
        return patching.lay_over(run, operation.run_patch, over)
    except patching.UnfitError as error:
        raise unfit(operation, error) from error


def _unresolved(operation: Operation, field: str, text: str) -> FindingsError:
    key = str(Operation.model_fields[field].alias)
    suggestion = "A dagRef names a component of the dag around it." if field == "dag_ref" else None
    fault = Fault(
        f"{key} '{text}' leads to no component", path=(key,), suggestion=suggestion, rule="reference"
    )
    return FindingsError([Finding(operation, fault)])
