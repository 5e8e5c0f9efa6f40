"""Operations that belong to another one: hooks after it, a build before it, the tuner of its matrix."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.sections.params import Param

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.errors import Fault
    from polyaxon_airflow.matrix.fields import Tuner
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library
    from polyaxon_airflow.polyaxonfile.reading import Reading
    from polyaxon_airflow.sections.build import Build
    from polyaxon_airflow.sections.hooks import Hook
    from polyaxon_airflow.sections.io import IO

    Section = Hook | Build | Tuner


class Attached(NamedTuple):
    """What runs a component beside an operation, and the files that it was made from."""

    compiled: CompiledOperation
    files: frozenset[str]


def component_of(section: Section, library: Library, at: tuple[str | int, ...]) -> Reading:
    """The component that a section names, which stands at `at` in its operation.

    Raises CompilationError if it is not in the folder of components, or not what it should be.
    """
    with faults_below(at):
        return library.component(section.hub_ref)


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
    with faults_below(at):
        defaults = [library.preset(name) for name in deployment.default_presets()]
        named = [name for name in _names(section.presets) if name not in deployment.default_presets()]
        presets = [library.preset(name) for name in named]
        operation = reading.operation.model_copy(update=given)
        compiled = compile_operation(operation, presets=presets, for_all=defaults, sources=reading.sources)
    read = (reading.sources, *(preset.sources for preset in (*defaults, *presets)))
    return Attached(compiled, frozenset(file for sources in read for file in sources.files()))


@contextmanager
def faults_below(at: tuple[str | int, ...]) -> Iterator[None]:
    """Faults that are not in a file of their own are those of the section at `at`."""
    try:
        yield
    except FaultsError as error:
        raise CompilationError(
            [fault if fault.file else _moved(fault, at) for fault in error.faults]
        ) from error


def place_of(path: str) -> tuple[str | int, ...]:
    """Where the section stands in its operation that the operation at `path` was made of.

    >>> place_of("train/hooks/0"), place_of("train/build")
    (('hooks', 0), ('build',))
    """
    section, _, index = path.partition("/")[2].partition("/")
    return (section, int(index)) if index else (section,)


def section_at(path: str, owner: CompiledOperation) -> Section:
    """The section of an operation, a hook or a build, that the operation at `path` was made of."""
    name, *index = place_of(path)
    section: Any = getattr(owner, str(name))
    return section[index[0]] if index else section  # type: ignore[no-any-return]


def params_of(section: Section) -> Mapping[str, Any]:
    """Its own params, as the file gives them; none that are a template for all of them."""
    return section.params if isinstance(section.params, dict) else {}


def _params(section: Section) -> dict[str, Param]:
    """Those that stand in the file; what is read from another run, or a template for all of them, the run fills in."""
    return {
        name: _later(name) if getattr(param, "ref", None) else as_param(param)
        for name, param in params_of(section).items()
    }


def as_param(value: Any) -> Param:
    """A param, also where a section takes a template in its place."""
    return value if isinstance(value, Param) else Param.model_validate({"value": value})


def is_given_later(io: IO) -> bool:
    """Whether the run that it belongs to gives a value, or fills it in."""
    return bool(io.value == _later(str(io.name)).value)


def _later(name: str) -> Param:
    return Param.model_validate({"value": f"{{{{ {name} }}}}", "contextOnly": True})


def _run_patch(section: Section) -> dict[str, Any]:
    """What the section changes in the component's run; a connection goes to its containers."""
    connection = getattr(section, "connection", None)
    patch = dict(getattr(section, "run_patch", None) or {})
    return {"connections": [connection], **patch} if connection else patch


def _names(presets: list[str] | str | None) -> list[str]:
    return [name for name in presets if not is_template(name)] if isinstance(presets, list) else []


def _moved(fault: Fault, at: tuple[str | int, ...]) -> Fault:
    return replace(fault, path=(*at, *fault.path), line=None, column=None, code=None)
