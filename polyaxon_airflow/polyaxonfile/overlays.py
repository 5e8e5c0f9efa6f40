"""Documents over documents: what a preset changes in an operation (spec sections 1.5, 1.7 and 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from polyaxon_airflow.explain import keys
from polyaxon_airflow.merging import deep_union, merge
from polyaxon_airflow.polyaxonfile import patching, shortcuts
from polyaxon_airflow.polyaxonfile.composing import DEFAULT_STRATEGY, unfit
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.operation import REFERENCES, BaseOperation, Operation
from polyaxon_airflow.runtimes import Runtime

if TYPE_CHECKING:
    from polyaxon_airflow.sections.patching import Strategy

OperationT = TypeVar("OperationT", bound=BaseOperation)

# A preset says nothing about where an operation comes from; what it says of that is ignored, as in Polyaxon.
_NOT_MERGED = {
    "kind",
    "version",
    "is_preset",
    "component",
    "run",
    "cmd",
    "run_patch",
    "patch_strategy",
    *REFERENCES,
}


# What a preset by name can change, besides the run; neither what the component declares nor its kind of run.
_OF_COMPOSED = set(BaseOperation.model_fields) - {"version", "strict_params", "inputs", "outputs"} | {
    "params"
}


def apply_document(operation: Operation, preset: Operation, strategy: Strategy | None = None) -> Operation:
    """The operation with a preset over it, by default with the preset's own patchStrategy.

    The strategy holds between the two documents only: a `runPatch` that the preset brings lies over the component's
    run with the operation's strategy later (spec section 3.3, "two-stage trap"). Raises FindingsError.
    """
    over = strategy or preset.patch_strategy or DEFAULT_STRATEGY
    merged = merge(operation, preset, over, fields=preset.model_fields_set - _NOT_MERGED)
    update: dict[str, Any] = {}
    if "cmd" in preset.model_fields_set and (operation.cmd is None or over in ("post_merge", "replace")):
        update["cmd"] = preset.cmd  # one script: its lines never mix with those of another
    try:
        if "run" in preset.model_fields_set:
            update["run"] = _run(operation, preset, over)
        if preset.run_patch is not None:
            update["run_patch"] = _run_patch(operation, preset.run_patch, over)
    except patching.UnfitError as error:
        raise unfit(preset, error) from error
    return merged.model_copy(update=update)


def apply_to_composed(composed: OperationT, preset: Operation) -> OperationT:
    """A flat or a compiled operation with a preset over it, whose strategy reaches into the run.

    This is how presets by name work, those of `presets:` and those that a trigger names. Raises FindingsError.
    """
    over = preset.patch_strategy or DEFAULT_STRATEGY
    merged = merge(composed, preset, over, fields=preset.model_fields_set & _OF_COMPOSED)
    run: Any = getattr(composed, "run", None)
    try:
        run = shortcuts.apply(preset, run, over)
        if preset.run_patch and isinstance(run, Runtime):
            run = patching.lay_over(run, preset.run_patch, over)
    except patching.UnfitError as error:
        raise unfit(preset, error) from error
    return merged.model_copy(update={"run": run})


def apply_as_far_as_it_fits(composed: OperationT, preset: Operation) -> OperationT:
    """As `apply_to_composed`, for a preset that is for all runs of whatever kind: it was not written for this one.

    A dag is no run: its operations are. What a kind of run that is no single pod has no place for is left out.
    Raises FindingsError.
    """
    run: Any = getattr(composed, "run", None)
    if not isinstance(run, Runtime) or isinstance(run, Dag):
        return composed
    patch = preset.run_patch or {}
    if () not in run.pods():
        places = {key for section in (run, *run.pods().values()) for key in keys(type(section))}
        patch = {key: value for key, value in patch.items() if key in places}
    return apply_to_composed(composed, preset.model_copy(update={"run_patch": patch or None}))


def native_run(operation: Operation) -> Runtime | None:
    """The run of an operation as its documents give it, before shortcuts and runPatch."""
    run = native_run(operation.component) if operation.component is not None else None
    if "run" not in operation.model_fields_set or (isinstance(operation.run, dict) and run is None):
        return run
    return patching.lay_run_over(run, operation.run, operation.patch_strategy or DEFAULT_STRATEGY)


def _run(operation: Operation, preset: Operation, strategy: Strategy) -> Any:
    own = operation.run
    base = native_run(operation)
    if isinstance(own, dict):
        own = None if base is None else patching.as_patch({"kind": base.kind, **own}, base)
    if isinstance(preset.run, dict):
        like = base or own
        if like is None:
            return deep_union(operation.run if isinstance(operation.run, dict) else {}, preset.run)
        patch = patching.as_patch({"kind": like.kind, **preset.run}, like)
        return patch if own is None else merge(own, patch, strategy)
    return patching.lay_run_over(own, preset.run, strategy)


def _run_patch(operation: Operation, patch: dict[str, Any], strategy: Strategy) -> dict[str, Any]:
    current = operation.run_patch
    run = native_run(operation)
    if current is None:
        return patch
    if run is None:
        return patch if strategy == "replace" else deep_union(current, patch)
    merged = merge(patching.as_patch(current, run), patching.as_patch(patch, run), strategy).to_dict()
    return {key: value for key, value in merged.items() if key != "kind"}
