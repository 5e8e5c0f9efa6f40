"""Init steps as containers: each runs `python -m polyaxon_airflow.init KIND OPTIONS...` (spec section 2.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.arguments import READ_THE_STORE, Places, step_arguments
from polyaxon_airflow.init.arguments import target as step_target
from polyaxon_airflow.runtimes import context
from polyaxon_airflow.runtimes.containers import Container, literal_container
from polyaxon_airflow.runtimes.helper import helper
from polyaxon_airflow.runtimes.variables import (
    connection_variables,
    run_variables,
    secret_variables,
    variable_sources,
)
from polyaxon_airflow.runtimes.volumes import (
    connection_volumes,
    context_mounts,
    path_volumes,
    without_repeats,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyaxon_airflow.init.entry import Init
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.sections.connections import Connection


def init_container(step: Init, index: int, launch: Launch, paths: Sequence[str]) -> Container:
    """The container of one step. `paths` are the targets of all steps of the pod; each step sees all of them.

    A container that the file gives is taken as it is if nothing else stands beside it, and laid over the one of the
    step if something does. Raises CompilationError for a step that puts nothing in place.
    """
    connections = connections_of(step, launch)
    mounts = [
        *context_mounts(launch),
        *(mount for _, mount in [*path_volumes(paths), *connection_volumes(connections)]),
    ]
    own = step.container.to_dict() if step.container is not None else {}
    arguments = step_arguments(step, _named(step, launch), _places(launch))
    made = own if arguments is None else _over(helper("init", arguments, launch), own)
    added = {
        "env": [*run_variables(launch), *connection_variables(connections), *secret_variables(connections)],
        "envFrom": variable_sources(connections),
        "volumeMounts": without_repeats(mounts, made.get("volumeMounts") or []),
    }
    return literal_container(
        made, own.get("name") or f"polyaxon-init-{step.source or 'step'}-{index}", context=added
    )


def target(step: Init, launch: Launch) -> str:
    """The directory that a step fills."""
    return step_target(step, _places(launch), _named(step, launch))


def connections_of(step: Init, launch: Launch) -> list[Connection]:
    """The connection that a step needs: the one it names, else the artifacts store where it reads from that."""
    if step.connection:
        return [launch.connections[step.connection]]
    reads_store = step.source in READ_THE_STORE
    return [launch.artifacts_store] if reads_store and launch.artifacts_store is not None else []


def unknown_connection(name: str, launch: Launch) -> CompilationError:
    known = ", ".join(sorted(launch.connections)) or "none"
    return CompilationError(
        f"run '{launch.name}' asks for connection '{name}', which is not in the catalogue; known: {known}"
    )


def _named(step: Init, launch: Launch) -> Connection | None:
    return launch.connections[step.connection] if step.connection else None


def _places(launch: Launch) -> Places:
    return Places(context.ARTIFACTS, context.run_path(launch.uuid), launch.artifacts_store, launch.run_names)


def _over(made: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The user's container over the generated one; who gives a command or args gives the whole of it, as in Polyaxon."""
    generated = {"command", "args"} if own.get("command") or own.get("args") else set()
    return {**{key: value for key, value in made.items() if key not in generated}, **own}
