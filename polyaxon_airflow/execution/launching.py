"""From a literal operation to what a runner takes, and what templates may know of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.execution.artifacts import run_names
from polyaxon_airflow.execution.references import globals_of
from polyaxon_airflow.runtimes.launch import Launch, Site

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings
    from polyaxon_airflow.runners.base import Manifest
    from polyaxon_airflow.store import Run


def manifest_of(literal: CompiledOperation, run: Run, around: Surroundings) -> Manifest:
    """The manifest of a run. Raises CompilationError for a run that lacks something."""
    return literal.run.manifest(launch_of(literal, run, around))


def launch_of(literal: CompiledOperation, run: Run, around: Surroundings) -> Launch:
    """What the pods of a run depend on besides the operation's `run` section."""
    launch = Launch(
        uuid=run.uuid,
        name=run.name,
        owner=around.owner,
        project=around.project,
        site=around.site or Site(),
        connections=around.connections,
        artifacts_store=around.artifacts.connection if around.artifacts else None,
        run_names=run_names(literal, around.store),
        attempt=run.try_number,
    )
    return launch_with(literal, launch)


def launch_with(literal: CompiledOperation, launch: Launch) -> Launch:
    """A launch with what the operation says besides its `run` section."""
    ios = (*(literal.inputs or ()), *(literal.outputs or ()), *(literal.contexts or ()))
    return replace(
        launch,
        namespace=launch.namespace or literal.namespace,
        plugins=literal.plugins if not isinstance(literal.plugins, str) else None,
        termination=literal.termination if not isinstance(literal.termination, str) else None,
        variables=tuple((io.to_env, _text(io.value)) for io in ios if io.to_env and io.value is not None),
    )


def run_globals(run: Run) -> dict[str, Any]:
    """`globals.*` of a run itself (spec section 3.4)."""
    named = {
        "is_independent": run.pipeline is None,
        "namespace": run.namespace,
        "store_path": "",
        "username": run.user,
        "user_email": None,
    }
    return {**globals_of(run), **named}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
