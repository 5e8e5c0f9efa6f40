"""`plan_of`: from a compiled operation to the graph of tasks that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.plan import Node, Plan, content_hash
from polyaxon_airflow.plan.builder import Builder
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.plan.events import starting_events
from polyaxon_airflow.plan.form import form_of
from polyaxon_airflow.plan.notifications import with_notifications
from polyaxon_airflow.plan.offers import presets_field, queue_field, with_most_retries, with_queues
from polyaxon_airflow.plan.timing import literal_schedule
from polyaxon_airflow.polyaxonfile.library import Library
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.schedules import planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan.builder import Placing
    from polyaxon_airflow.polyaxonfile.presets import Preset

MAX_ID = 250  # characters of a DAG's id and of a task's


def plan_of(
    compiled: CompiledOperation,
    *,
    dag_id: str,
    file: str = "",
    text: str = "",
    deployment: Deployment | None = None,
    library: Library | None = None,
    place: Placing = lambda _, fault: fault,
    presets: Mapping[str, Preset] | None = None,
    reads: Iterable[str] = (),
) -> Plan:
    """The plan of a polyaxonfile. `reads`: the other files that went into it; `place` knows where operations stand.

    `presets`: those that may be chosen for a run of it, by name. Raises CompilationError for what cannot be planned.
    """
    deployment = deployment or Deployment()
    builder = Builder(deployment, library or Library(), place, set(reads))
    with builder.placed(""):
        if compiled.nodes is None or compiled.matrix is not None:
            builder.operation(compiled, path="", name=_own_name(compiled) or dag_id, group="", upstream=())
        else:
            compiled = with_notifications(compiled)
            needs_outcome = bool(
                compiled.hooks or compiled.outputs or getattr(compiled.run, "early_stopping", None)
            )
            builder.dag(compiled, path="", group="", upstream=(), always_outcome=needs_outcome)
        if refused := [*_open_inputs(compiled), *_refused_ids(dag_id, builder.nodes)]:
            raise CompilationError(refused)
        schedule, events = _schedule(compiled, deployment), starting_events(compiled)
    return Plan(
        dag_id=dag_id,
        file=file,
        text=text,
        nodes=tuple(with_most_retries(node, presets or {}) for node in builder.nodes),
        groups=tuple(builder.groups),
        owner=deployment.requester.owner or "default",
        project=deployment.requester.project or "default",
        description=compiled.description,
        tags=(*(compiled.tags or ()), *deployment.tags()),
        schedule=schedule,
        events=events,
        params={
            **queue_field(deployment, builder.nodes, builder.operations),
            **presets_field(deployment, builder.nodes, builder.operations, presets or {}),
            **with_queues(form_of(compiled), deployment, builder.nodes, builder.operations),
        },
        presets={name: preset.operation.to_dict() for name, preset in (presets or {}).items()},
        concurrency=_concurrency(builder.operations.get("", compiled), builder.nodes),
        operations={path: operation.to_dict() for path, operation in builder.operations.items()},
        reads={file: content_hash(Path(file)) for file in sorted(builder.reads)},
    )


def _refused_ids(dag_id: str, nodes: Sequence[Node]) -> Iterator[Fault]:
    """Ids that Airflow does not take, or takes only once."""
    tasks = [node.id for node in nodes]
    for name in dict.fromkeys([dag_id, *tasks]):
        if len(name) > MAX_ID:
            message = f"Airflow takes ids of at most {MAX_ID} characters; '{name[:20]}...' has {len(name)}"
            yield Fault(message, path=("name",), suggestion="Give it a shorter name.", rule="long-name")
    for name in dict.fromkeys(task for task in tasks if tasks.count(task) > 1):
        message = f"two tasks would be called '{name}'"
        yield Fault(message, suggestion="Rename the operation of that name.", rule="task-id")


def _own_name(compiled: CompiledOperation) -> str | None:
    """The name of an operation, None for a template: tasks have names before there is a run."""
    return None if is_template(compiled.name) else compiled.name


def _open_inputs(compiled: CompiledOperation) -> Iterator[Fault]:
    """Inputs that a run which nobody triggers would lack."""
    if compiled.schedule is None and not compiled.events:
        return
    for name, asked in form_of(compiled).items():
        if "default" not in asked:
            yield Fault(
                f"input '{name}' has no value, and a run that starts by itself has nobody to ask",
                path=("inputs",),
                suggestion="Give it a default, or pass it in params.",
                rule="missing-param",
            )


def _schedule(compiled: CompiledOperation, deployment: Deployment) -> dict[str, Any] | None:
    """The schedule in JSON."""
    if compiled.schedule is None:
        return None
    schedule = literal_schedule(compiled, compiled.schedule)
    return planned(schedule, timezone=deployment.timezone, catchup=deployment.catchup)


def _concurrency(compiled: CompiledOperation, nodes: list[Node]) -> int | None:
    """Tasks of a run at once: the dag's own limit, or enough for its widest sweep."""
    own = getattr(compiled.run, "concurrency", None)
    if isinstance(own, int) and not any(node.kind == "hook" for node in nodes):
        return own  # a hook would count, and hold up what it must not
    widest = max((node.concurrency or 0 for node in nodes), default=0)
    return widest if widest > AIRFLOWS_DEFAULT else None


AIRFLOWS_DEFAULT = 16  # [core] max_active_tasks_per_dag
