"""Operations that belong to another one: hooks after it, a build before it, the tuner of its matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.sections.params import Param

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.errors import Fault
    from polyaxon_airflow.matrix.fields import Tuner
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library
    from polyaxon_airflow.polyaxonfile.reading import Reading
    from polyaxon_airflow.sections.build import Build
    from polyaxon_airflow.sections.hooks import Hook

    Section = Hook | Build | Tuner


class Attached(NamedTuple):
    """What runs a component beside an operation, and the files that it was made from."""

    compiled: CompiledOperation
    files: frozenset[str]


def component_of(section: Section, library: Library, at: tuple[str | int, ...]) -> Reading:
    """The component that a section names, which stands at `at` in its operation.

    Raises CompilationError if it is not in the folder of components, or not what it should be.
    """
    try:
        return library.component(section.hub_ref)
    except FaultsError as error:
        raise CompilationError(_below(error.faults, at)) from error


def attached(
    section: Section,
    reading: Reading,
    deployment: Deployment,
    library: Library,
    known: Iterable[str],
    *,
    at: tuple[str | int, ...],
) -> Attached:
    """The operation of a section's component, with the deployment's default presets and those that the section names.

    `known`: names of values that the run it belongs to gives it. Raises CompilationError for what does not fit its
    component.
    """
    fields = {
        "params": {**_params(section), **{name: _later(name) for name in known}},
        "run_patch": _run_patch(section),
        **{name: getattr(section, name, None) for name in ("queue", "namespace", "cache", "patch_strategy")},
    }
    given = {name: value for name, value in fields.items() if value}
    try:
        defaults = [library.preset(name) for name in deployment.default_presets()]
        named = [name for name in _names(section.presets) if name not in deployment.default_presets()]
        presets = [library.preset(name) for name in named]
        operation = reading.operation.model_copy(update=given)
        compiled = compile_operation(operation, presets=presets, for_all=defaults, sources=reading.sources)
    except FaultsError as error:
        raise CompilationError(_below(error.faults, at)) from error
    read = (reading.sources, *(preset.sources for preset in (*defaults, *presets)))
    return Attached(compiled, frozenset(file for sources in read for file in sources.files()))


def _params(section: Section) -> dict[str, Param]:
    """Those that stand in the file; what is read from another run, or a template for all of them, the run fills in."""
    given: Mapping[str, Any] = section.params if isinstance(section.params, dict) else {}
    return {
        name: _later(name) if getattr(param, "ref", None) else as_param(param)
        for name, param in given.items()
    }


def as_param(value: Any) -> Param:
    """A param, also where a section takes a template in its place."""
    return value if isinstance(value, Param) else Param.model_validate({"value": value})


def _later(name: str) -> Param:
    return Param.model_validate({"value": f"{{{{ {name} }}}}", "contextOnly": True})


def _run_patch(section: Section) -> dict[str, Any]:
    """What the section changes in the component's run; a connection goes to its containers."""
    connection = getattr(section, "connection", None)
    patch = dict(getattr(section, "run_patch", None) or {})
    return {"connections": [connection], **patch} if connection else patch


def _names(presets: list[str] | str | None) -> list[str]:
    return [name for name in presets if not is_template(name)] if isinstance(presets, list) else []


def _below(faults: Iterable[Fault], at: tuple[str | int, ...]) -> list[Fault]:
    """Faults that are not in a file of their own are the section's."""
    return [fault if fault.file else _moved(fault, at) for fault in faults]


def _moved(fault: Fault, at: tuple[str | int, ...]) -> Fault:
    return replace(fault, path=(*at, *fault.path), line=None, column=None, code=None)
