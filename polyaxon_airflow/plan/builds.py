"""The task of `build`: the image of an operation's containers, made before it runs (spec section 2.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.plan.attached import attached, component_of
from polyaxon_airflow.sections.build import Build
from polyaxon_airflow.sections.params import Param

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan.attached import Attached
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library

AT = ("build",)
DESTINATION = "destination"  # the param that names the image
NAMED_BY_RUN = "{{ globals.project_name }}:{{ globals.uuid }}"  # unless the file says otherwise


def build_path(operation: str) -> str:
    """The path of a build's operation: no dag has a node of such a name."""
    return f"{operation}/build"


def planned_build(compiled: CompiledOperation, deployment: Deployment, library: Library) -> Attached | str:
    """The operation that makes the image of another one, or why there is none: its component is not there.

    So the file loads all the same, and its build tells. Raises CompilationError if params do not fit, or if nothing
    could use the image.
    """
    build = compiled.build
    if not isinstance(build, Build):
        raise _refused("build cannot be one template", "Write the section, and templates inside of it.")
    if compiled.run.kind == "dag":
        raise _refused(
            "a dag runs no container that could use an image",
            "Give 'build' to the operations of the dag that need one.",
        )
    try:
        reading = component_of(build, library, AT)
    except CompilationError as error:
        return str(error)
    declared = {io.name for io in getattr(reading.operation.component, "inputs", None) or ()}
    section = build.model_copy(update={"params": _params(build, declared)})
    inputs = {io.name for io in compiled.inputs or ()} - set(section.params or ())
    return attached(section, reading, deployment, library, sorted(inputs), at=AT)


def _params(build: Build, declared: set[str]) -> dict[str, Any]:
    """Its own, and the image's name if it gives none; the registry's connection goes with it."""
    given = dict(build.params or {})
    destination = given.get(DESTINATION, NAMED_BY_RUN)
    fields = destination.to_dict() if isinstance(destination, Param) else {"value": destination}
    if build.connection is not None:
        fields = {"connection": build.connection, **fields}
    if DESTINATION not in declared:
        fields = {**fields, "contextOnly": True}
    return {**given, DESTINATION: Param.model_validate(fields)}


def _refused(message: str, suggestion: str) -> CompilationError:
    return CompilationError([Fault(message, path=AT, suggestion=suggestion, rule="build")])
