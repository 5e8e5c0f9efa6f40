"""Init steps as containers: each runs `python -m polyaxon_airflow.init KIND OPTIONS...` (spec section 2.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.options import encode
from polyaxon_airflow.runtimes import context
from polyaxon_airflow.runtimes.containers import Container, literal_container
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

    A container that the file gives is taken as it is if it stands alone, and laid over the one of the step if not.
    """
    connection = launch.connections[step.connection] if step.connection else None
    connections = [connection] if connection else []
    mounts = [
        *context_mounts(launch),
        *(mount for _, mount in [*path_volumes(paths), *connection_volumes(connections)]),
    ]
    own = step.container.to_dict() if step.container is not None else {}
    made = own if step.source is None and connection is None else {**_helper(step, connection, launch), **own}
    added = {
        "env": [*run_variables(launch), *connection_variables(connections), *secret_variables(connections)],
        "envFrom": variable_sources(connections),
        "volumeMounts": without_repeats(mounts, made.get("volumeMounts") or []),
    }
    return literal_container(
        made, own.get("name") or f"polyaxon-init-{step.source or 'step'}-{index}", context=added
    )


def target(step: Init) -> str:
    """The directory that a step fills; those of the default store lie where its runs do."""
    if step.path:
        return step.path
    return f"{context.ARTIFACTS}/{step.connection}" if step.connection else context.ARTIFACTS


def unknown_connection(name: str, launch: Launch) -> CompilationError:
    known = ", ".join(sorted(launch.connections)) or "none"
    return CompilationError(
        f"run '{launch.name}' asks for connection '{name}', which is not in the catalogue; known: {known}"
    )


def _helper(step: Init, connection: Connection | None, launch: Launch) -> dict[str, Any]:
    kind = step.source or "artifacts"  # a connection alone: all that it holds
    options = {**_options(step, kind, connection), "to": target(step), "run": context.run_path(launch.uuid)}
    image = {"image": launch.site.helper_image} if launch.site.helper_image else {}
    return {**image, "command": ["python", "-m", "polyaxon_airflow.init", kind, *encode(options)]}


def _options(step: Init, kind: str, connection: Connection | None) -> dict[str, Any]:
    given = step.to_dict().get(_camel(kind)) or {}
    if kind == "git":
        known = (connection.schema_ or {}) if connection else {}
        merged = {**{key: known[key] for key in ("url", "revision", "flags") if known.get(key)}, **given}
        return {**merged, "name": _checkout_name(step, merged)}
    options = dict(given) if isinstance(given, dict) else {kind: given}
    return {**options, "connection": connection.to_dict()} if connection else options


def _checkout_name(step: Init, git: dict[str, Any]) -> str:
    """The folder of a checkout: named like its connection, else like its repository."""
    return step.connection or str(git["url"]).rstrip("/").rpartition("/")[2].removesuffix(".git")


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
