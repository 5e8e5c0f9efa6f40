"""What runs make of the image that was built for them (spec section 2.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.builds import DESTINATION

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.store import Run


def with_built_image(literal: CompiledOperation, task: Task, around: Surroundings) -> CompiledOperation:
    """The operation with the image that was built for it in its main containers; as it is if none was.

    Raises CompilationError if the build has ended without a name for it.
    """
    build = task.node.details.get("build")
    if build is None:
        return literal
    where = task.identity
    index = where.map_index if task.plan.mapped_group(task.node.group) is not None else -1
    run = around.store.runs.of_task(where.dag_id, where.dag_run_id, str(build), index)
    image = built_image(run, around) if run is not None else None
    if image is None:
        raise CompilationError(f"the build {build} has named no image")
    pods = {
        path: pod.model_copy(update={"container": pod.container.model_copy(update={"image": image})})
        for path, pod in literal.run.pods().items()
        if pod.container is not None
    }
    return literal.model_copy(update={"run": literal.run.with_pods(pods)})


def built_image(run: Run, around: Surroundings) -> str | None:
    """The image that a build has made: its `destination`, below the URL of its registry."""
    source = around.store.runs.get(run.original) if run.cloning_kind == "cache" and run.original else run
    if source is None or source.content is None:
        return None
    literal = CompiledOperation.from_dict(dict(source.content))
    ios = (*(literal.inputs or ()), *(literal.contexts or ()))
    io = next((io for io in ios if io.name == DESTINATION and io.value), None)
    if io is None:
        return None
    registry = around.connections.get(io.connection) if io.connection else None
    url = str(registry.setting("url") or "").rstrip("/") if registry is not None else ""
    return f"{url.removeprefix('https://')}/{io.value}" if url else str(io.value)
