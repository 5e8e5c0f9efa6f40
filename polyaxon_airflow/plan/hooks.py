"""The tasks of `hooks`: each after its operation, none before anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.plan import Node
from polyaxon_airflow.plan.attached import attached, component_of, params_of
from polyaxon_airflow.plan.templated import names_read
from polyaxon_airflow.sections.hooks import GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan.attached import Attached
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library
    from polyaxon_airflow.sections.hooks import Hook


class PlannedHook(NamedTuple):
    """A hook's task, and the operation that it runs; None if its component is not there, which its task tells."""

    node: Node
    operation: Attached | None


def hook_path(operation: str, index: int) -> str:
    """The path of a hook's operation: no dag has a node of such a name."""
    return f"{operation}/hooks/{index}"


def planned_hooks(
    compiled: CompiledOperation, after: Node, name: str, deployment: Deployment, library: Library
) -> Iterator[PlannedHook]:
    """The hooks of an operation whose last task is `after`. `name`: the task id of a hook, where there is one.

    Their nodes do not say yet what they ask of Airflow.

    Raises CompilationError for hooks that are a template, and for params that do not fit a component.
    """
    if isinstance(compiled.hooks, str):
        suggestion = "Write the list, and templates inside of it."
        raise CompilationError(
            [Fault("hooks cannot be one template", path=("hooks",), suggestion=suggestion, rule="hooks")]
        )
    for index, hook in enumerate(compiled.hooks or ()):
        task_id = name if len(compiled.hooks or ()) == 1 else f"{name}_{index}"
        inputs = {str(io.name) for io in compiled.inputs or ()}
        yield _planned(
            hook, index, inputs, after=after, task_id=task_id, deployment=deployment, library=library
        )


def _planned(
    hook: Hook,
    index: int,
    inputs: set[str],
    *,
    after: Node,
    task_id: str,
    deployment: Deployment,
    library: Library,
) -> PlannedHook:
    at = ("hooks", index)
    details: dict[str, Any] = {"hook": index, "of": after.operation, "after": after.id}
    model = Node(
        id=task_id,
        kind="hook",
        operation=hook_path(after.operation, index),
        upstream=(after.id,),
        group=after.group,
        trigger="all_done",
        decides=True,
        details=details,
    )
    try:
        reading = component_of(hook, library, at)
    except CompilationError as error:
        return PlannedHook(replace(model, details={**details, "missing": str(error)}), None)
    given = () if hook.disable_defaults is True else GIVEN
    declared = {str(io.name) for io in getattr(reading.operation.component, "inputs", None) or ()}
    read = (names_read(hook.queue or "") & inputs) - declared - set(params_of(hook)) - set(given)
    operation = attached(hook, reading, deployment, library, [*given, *sorted(read)], at=at)
    return PlannedHook(model, operation)
