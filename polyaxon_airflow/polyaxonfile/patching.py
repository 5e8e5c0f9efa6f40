"""Runs over runs: `run` of one document over that of another, `runPatch`, root shortcuts (spec sections 2.10 and 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from polyaxon_airflow.explain import keys
from polyaxon_airflow.merging import merge
from polyaxon_airflow.runtimes import RUNTIME, WITHOUT_KIND, PodTemplate, Runtime
from polyaxon_airflow.section import Section, fault_at

if TYPE_CHECKING:
    from polyaxon_airflow.sections.patching import Strategy


SectionT = TypeVar("SectionT", bound=Section)


class UnfitError(Exception):
    """A patch says what the run that it patches has no place for."""

    def __init__(self, error: ValidationError, model: type[Section], patch: dict[str, Any]) -> None:
        super().__init__(str(error))
        self.error = error
        self.model = model  # what the patch was meant for
        self.patch = patch


def lay_over(run: Runtime | None, patch: dict[str, Any], strategy: Strategy, *, kind: str = "job") -> Runtime:
    """The run with a patch over it; without a run, the patch as a run of `kind`. Raises UnfitError."""
    if run is None:
        return _validated(RUNTIME.load(kind), {"kind": kind, **patch})
    return merge(run, as_patch(patch, run), strategy)


def lay_run_over(
    run: Runtime | None, patch: Runtime | dict[str, Any] | None, strategy: Strategy
) -> Runtime | None:
    """One document's `run` over that of the document below; of two kinds one is taken whole. Raises UnfitError."""
    if isinstance(patch, dict):
        if run is None:
            raise UnfitError(fault_at(WITHOUT_KIND), Runtime, patch)
        return lay_over(run, patch, strategy)
    if run is not None and patch is not None and run.kind == patch.kind:
        return merge(run, patch, strategy)
    return patch if run is None or strategy in ("post_merge", "replace") else run


def as_patch(patch: dict[str, Any], run: Runtime) -> Runtime:
    """A partial run of the same kind. What only a replica has a place for is meant for each replica of the run.

    Raises UnfitError.
    """
    pods = {path: pod for path, pod in run.pods().items() if path}
    if run.has_roles and not pods and patch.keys() <= set(keys(PodTemplate)):
        _validated(PodTemplate, patch)
        return _validated(type(run), {})  # as in Polyaxon: meant for each replica of a run that has none
    try:
        return _validated(type(run), patch)
    except UnfitError:
        if not pods or not _is_of_replica(patch, type(run), next(iter(pods.values()))):
            raise
    for pod in pods.values():
        _validated(type(pod), patch)
    return _validated(type(run), _spread(patch, list(pods)))


def _validated(model: type[SectionT], patch: dict[str, Any]) -> SectionT:
    try:
        return model.model_validate(patch)
    except ValidationError as error:
        raise UnfitError(error, model, patch) from error


def _is_of_replica(patch: dict[str, Any], run: type[Section], pod: Section) -> bool:
    """Whether more of the keys of a patch are a replica's than the run's own."""
    return len(set(patch) & set(keys(type(pod)))) >= len(set(patch) & set(keys(run)))


def _spread(patch: dict[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    spread: dict[str, Any] = {}
    for role, *group in paths:
        if group:
            spread.setdefault(role, {})[group[0]] = patch
        else:
            spread[role] = patch
    return spread
