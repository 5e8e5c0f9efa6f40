"""Runs over runs: `run` of one document over that of another, `runPatch`, root shortcuts (spec sections 2.10 and 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from polyaxon_airflow.merging import merge
from polyaxon_airflow.runtimes import RUNTIME, Runtime

if TYPE_CHECKING:
    from polyaxon_airflow.sections.patching import Strategy


def lay_over(run: Runtime | None, patch: dict[str, Any], strategy: Strategy, *, kind: str = "job") -> Runtime:
    """The run with a patch over it; without a run, the patch as a run of `kind`.

    Raises a pydantic ValidationError if the kind of run has no place for what the patch says.
    """
    if run is None:
        return RUNTIME.load(kind).model_validate({"kind": kind, **patch})
    return merge(run, as_patch(patch, run), strategy)


def lay_run_over(
    run: Runtime | None, patch: Runtime | dict[str, Any] | None, strategy: Strategy
) -> Runtime | None:
    """One document's `run` over that of the document below; of two kinds one is taken whole.

    Raises a pydantic ValidationError as `lay_over` does.
    """
    if isinstance(patch, dict):
        if run is None:
            raise _without_kind(patch)
        return lay_over(run, patch, strategy)
    if run is not None and patch is not None and run.kind == patch.kind:
        return merge(run, patch, strategy)
    return patch if run is None or strategy in ("post_merge", "replace") else run


def as_patch(patch: dict[str, Any], run: Runtime) -> Runtime:
    """A partial run of the same kind. What only a replica has a place for is meant for each replica of the run."""
    model = type(run)
    try:
        return model.model_validate(patch)
    except ValidationError:
        everywhere = [path for path in run.pods() if path]
        if not everywhere:
            raise
        return model.model_validate(_spread(patch, everywhere))


def _without_kind(patch: dict[str, Any]) -> ValidationError:
    error = PydanticCustomError("run_kind", "run needs a kind; no component below gives it one")
    return ValidationError.from_exception_data(
        "run", [InitErrorDetails(type=error, loc=("run",), input=patch)]
    )


def _spread(patch: dict[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    spread: dict[str, Any] = {}
    for role, *group in paths:
        if group:
            spread.setdefault(role, {})[group[0]] = patch
        else:
            spread[role] = patch
    return spread
