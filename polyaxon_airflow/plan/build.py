"""`plan_of`: from a compiled operation to the graph of tasks that runs it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.matrix.iterative import Iterative
from polyaxon_airflow.plan import Group, Node, NodeKind, Plan, content_hash
from polyaxon_airflow.plan.builds import build_path, planned_build
from polyaxon_airflow.plan.deployment import DEFAULT_POOL, Deployment
from polyaxon_airflow.plan.events import starting_events, waited_for_as_a_whole, wanted_by
from polyaxon_airflow.plan.failures import policy_of
from polyaxon_airflow.plan.form import form_of
from polyaxon_airflow.plan.hooks import planned_hooks
from polyaxon_airflow.plan.literal import literal_dag
from polyaxon_airflow.plan.notifications import with_notifications
from polyaxon_airflow.plan.offers import presets_field, queue_field
from polyaxon_airflow.plan.probes import check_probe
from polyaxon_airflow.plan.rounds import planned_rounds, tuner_path
from polyaxon_airflow.plan.sweeps import sweep_nodes, trials_of_dags
from polyaxon_airflow.plan.timing import literal_schedule
from polyaxon_airflow.polyaxonfile.library import Library
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.schedules import planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from polyaxon_airflow import compiler
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan.attached import Attached
    from polyaxon_airflow.polyaxonfile.presets import Preset

    Placing = Callable[[str, Fault], Fault]  # of a fault in the operation of that path

DEFAULT_TRIGGER = "all_succeeded"
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
    builder = _Builder(deployment, library or Library(), place, set(reads))
    with builder.placed(""):
        if compiled.nodes is None or compiled.matrix is not None:
            builder.operation(compiled, path="", name=_own_name(compiled) or dag_id, group="", upstream=())
        else:
            compiled = with_notifications(compiled)
            needs_outcome = bool(
                compiled.hooks or compiled.outputs or getattr(compiled.run, "early_stopping", None)
            )
            builder.dag(compiled, path="", group="", upstream=(), always_outcome=needs_outcome)
        schedule, events = _schedule(compiled, deployment), starting_events(compiled)
        if refused := [*_refused_ids(dag_id, builder.nodes)]:
            raise CompilationError(refused)
    return Plan(
        dag_id=dag_id,
        file=file,
        text=text,
        nodes=tuple(builder.nodes),
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
            **form_of(compiled),
        },
        presets={name: preset.operation.to_dict() for name, preset in (presets or {}).items()},
        concurrency=_concurrency(builder.operations.get("", compiled), builder.nodes),
        operations={path: operation.to_dict() for path, operation in builder.operations.items()},
        reads={file: content_hash(Path(file)) for file in sorted(builder.reads)},
    )


class Ends(NamedTuple):
    """Where the tasks of an operation begin and end; `may_skip`: whether it can end as skipped."""

    last: tuple[str, ...]
    may_skip: bool


@dataclass
class _Builder:
    deployment: Deployment
    library: Library
    place: Placing
    reads: set[str]
    nodes: list[Node] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    operations: dict[str, CompiledOperation] = field(default_factory=dict)

    def operation(
        self, compiled: CompiledOperation, *, path: str, name: str, group: str, upstream: Iterable[Ends]
    ) -> Ends:
        """Add the tasks of one operation. `path`: its place in the tree of operations; `group`: its task group."""
        before = tuple(upstream)
        task_id = f"{group}.{_task_name(name)}" if group else _task_name(name)
        with self.placed(path):
            compiled = with_notifications(compiled)
        if compiled.matrix is not None:
            add = self.sweep if compiled.nodes is None else self.sweep_of_dags
            return add(compiled, path=path, task_id=task_id, upstream=before)
        if compiled.nodes is not None:
            return self.nested(compiled, path=path, task_id=task_id, upstream=before)
        self.operations[path] = compiled
        asked = self.approval(
            compiled,
            path=path,
            task_id=f"{task_id}_approval",
            group=group,
            upstream=before,
            asked_for=task_id,
        )
        built = self.build(
            compiled, path, f"{task_id}_build", group, asked or before, gated=bool(asked), wanted_by=task_id
        )
        behind = built or asked
        node = self.node(
            compiled,
            "run",
            path=path,
            task_id=task_id,
            group=group,
            upstream=behind or before,
            gated=bool(behind),
        )
        self.nodes[-1] = replace(node, details=_built_by(built))
        self.hooks(compiled, node, f"{task_id}_hook")
        return Ends((node.id,), may_skip=bool(asked) or self.may_skip(compiled, before))

    def hooks(self, compiled: CompiledOperation, after: Node, name: str) -> None:
        """Add what runs after an operation and nothing waits for. `name`: task id of a hook."""
        if not compiled.hooks:
            return
        with self.placed(after.operation):
            found = list(planned_hooks(compiled, after, name, self.deployment, self.library))
        for hook in found:
            self.nodes.append(hook.node)
            self.attach(hook.node.operation, hook.operation)

    def attach(self, path: str, operation: Attached | None) -> None:
        """Keep an operation that belongs to another one. Without it, the plan changes once its component is there."""
        if operation is not None:
            self.operations[path] = operation.compiled
            self.reads |= operation.files
        if self.library.lock is not None:
            self.reads.add(str(self.library.lock))

    @contextmanager
    def placed(self, path: str) -> Iterator[None]:
        """Faults of the operation at `path` get their places."""
        try:
            yield
        except CompilationError as error:
            raise CompilationError([self.place(path, fault) for fault in error.faults]) from error

    def approval(
        self,
        compiled: CompiledOperation,
        *,
        path: str,
        task_id: str,
        group: str,
        upstream: tuple[Ends, ...],
        asked_for: str,
    ) -> tuple[Ends, ...]:
        """Add the task that asks a person, if the operation is not approved; nothing if it is."""
        if compiled.is_approved in (None, True):
            return ()
        node = self.node(compiled, "approval", path=path, task_id=task_id, group=group, upstream=upstream)
        self.nodes[-1] = replace(node, pool=DEFAULT_POOL, pool_slots=1, details={"task": asked_for})
        return (Ends((node.id,), may_skip=True),)

    def build(
        self,
        compiled: CompiledOperation,
        path: str,
        task_id: str,
        group: str,
        upstream: tuple[Ends, ...],
        *,
        gated: bool,
        wanted_by: str,
    ) -> tuple[Ends, ...]:
        """Add the task that makes the image of an operation, if it has a `build`; it decides whether both start."""
        if compiled.build is None:
            return ()
        node = self.node(
            compiled, "build", path=path, task_id=task_id, group=group, upstream=upstream, gated=gated
        )
        with self.placed(path):
            operation = planned_build(compiled, self.library)
        details: dict[str, Any] = {"for": wanted_by}
        if isinstance(operation, str):
            details["missing"] = operation
            node = replace(node, pool=DEFAULT_POOL, pool_slots=1, max_retries=0, timeout=None)
        else:
            with self.placed(path):
                place = self.deployment.place(operation.compiled)
            termination = operation.compiled.termination
            node = replace(
                node,
                pool=place.pool,
                pool_slots=place.slots,
                max_retries=_number(getattr(termination, "max_retries", None)),
                timeout=_number(getattr(termination, "timeout", None)) or None,
            )
        self.nodes[-1] = replace(node, operation=build_path(path), details=details)
        self.attach(build_path(path), None if isinstance(operation, str) else operation)
        return (Ends((task_id,), may_skip=self.may_skip(compiled, upstream)),)

    def dag(
        self,
        compiled: CompiledOperation,
        *,
        path: str,
        group: str,
        upstream: tuple[Ends, ...],
        always_outcome: bool,
    ) -> Ends:
        """Add the operations of a dag; those without an upstream wait for `upstream`."""
        with self.placed(path):
            if compiled.build is not None:
                planned_build(compiled, self.library)  # which refuses it
            self.operations[path] = compiled.model_copy(update={"nodes": None, "run": literal_dag(compiled)})
        ends: dict[str, Ends] = {}
        start = len(self.nodes)
        for node in _upstreams_first(compiled.nodes or []):
            inner = f"{path}.{node.name}" if path else node.name
            waits_for = self.waits_for(node, path=inner, group=group, ends=ends, upstream=upstream)
            ends[node.name] = self.operation(
                node.operation, path=inner, name=node.name, group=group, upstream=waits_for
            )
        if not always_outcome and not any(_may_mask(node) for node in self.nodes[start:]):
            return Ends((), may_skip=False)
        return self.outcome(compiled, path, group, ends)

    def waits_for(
        self,
        node: compiler.Node,
        *,
        path: str,
        group: str,
        ends: Mapping[str, Ends],
        upstream: tuple[Ends, ...],
    ) -> tuple[Ends, ...]:
        """What an operation of a dag waits for; with the task that waits for its events, if it has any."""
        wanted = wanted_by(node.operation)
        names = waited_for_as_a_whole(node.operation, node.upstream) if wanted else node.upstream
        before = tuple(ends[name] for name in names) or upstream
        if not wanted:
            return before
        prefix = f"{group}." if group else ""
        event = Node(
            id=f"{prefix}{node.name}_event",
            kind="event",
            operation=path,
            upstream=tuple(last for end in upstream for last in end.last),
            group=group,
            details={
                "wanted": [
                    {
                        "operation": want.operation,
                        "kinds": list(want.kinds),
                        "tasks": self.tasks_of(f"{prefix}{want.operation}"),
                        "last": list(ends[want.operation].last),
                    }
                    for want in wanted
                ]
            },
        )
        self.nodes.append(event)
        return (Ends((event.id,), may_skip=True), *(end for end in before if end not in upstream))

    def tasks_of(self, task_id: str) -> list[str]:
        """The ids of the tasks that run an operation: one, or those of its group."""
        return [
            node.id
            for node in self.nodes
            if node.kind in ("run", "trial", "tuner")
            and (node.id == task_id or node.id.startswith(f"{task_id}."))
        ]

    def nested(
        self, compiled: CompiledOperation, *, path: str, task_id: str, upstream: tuple[Ends, ...]
    ) -> Ends:
        """Add a dag inside a dag: a task group that ends with its outcome."""
        self.groups.append(Group(task_id, path, compiled.description or ""))
        before = self.entrance(compiled, path, task_id, upstream, ends_with=f"{task_id}.outcome")
        ends = self.dag(compiled, path=path, group=task_id, upstream=before, always_outcome=True)
        return Ends(ends.last, may_skip=self.may_skip(compiled, upstream))

    def entrance(
        self,
        compiled: CompiledOperation,
        path: str,
        group: str,
        upstream: tuple[Ends, ...],
        *,
        ends_with: str,
    ) -> tuple[Ends, ...]:
        """Add what decides for a whole group whether it starts: its approval, its trigger, its condition."""
        behind = self.approval(
            compiled,
            path=path,
            task_id=f"{group}.approval",
            group=group,
            upstream=upstream,
            asked_for=ends_with,
        )
        if not (compiled.conditions or (not behind and self.needs_gate(compiled, upstream))):
            return behind or upstream
        gate = self.node(
            compiled,
            "gate",
            path=path,
            task_id=f"{group}.gate",
            group=group,
            upstream=behind or upstream,
            gated=bool(behind),
        )
        self.nodes[-1] = replace(gate, pool=DEFAULT_POOL, pool_slots=1, details={"ends_with": ends_with})
        return (Ends((gate.id,), may_skip=True),)

    def outcome(self, compiled: CompiledOperation, path: str, group: str, ends: dict[str, Ends]) -> Ends:
        """Add the task that says how a dag ended."""
        waited_for = {last for other in self.nodes if other.kind != "hook" for last in other.upstream}
        leaves = [last for end in ends.values() for last in end.last if last not in waited_for]
        node = Node(
            id=f"{group}.outcome" if group else "outcome",
            kind="outcome",
            operation=path,
            upstream=tuple(leaves),
            group=group,
            trigger="all_done",
            decides=True,
            details={
                "operations": {**self.builds(path), **{name: list(end.last) for name, end in ends.items()}}
            },
        )
        self.nodes.append(node)
        self.hooks(compiled, node, f"{group}.hook" if group else "hook")
        return Ends((node.id,), may_skip=self.may_skip(compiled, ()))

    def builds(self, path: str) -> dict[str, list[str]]:
        """The builds of a dag's operations, which fail the dag like these."""
        found = [node for node in self.nodes if node.kind == "build"]
        names = {node.id: node.operation.partition("/")[0] for node in found}
        inside = {
            task_id: name for task_id, name in names.items() if name and name.rpartition(".")[0] == path
        }
        return {f"{name.rpartition('.')[2]}'s build": [task_id] for task_id, name in inside.items()}

    def sweep(
        self, compiled: CompiledOperation, *, path: str, task_id: str, upstream: tuple[Ends, ...]
    ) -> Ends:
        """Add a sweep: a task group of trials that ends with the best."""
        self.operations[path] = compiled
        self.groups.append(Group(task_id, path, compiled.description or ""))
        last = f"{task_id}.best"
        before = self.entrance(compiled, path, task_id, upstream, ends_with=last)
        built = self.build(compiled, path, f"{task_id}.build", task_id, before, gated=True, wanted_by=last)
        before = built or before
        model = self.node(
            compiled, "trial", path=path, task_id=f"{task_id}.trial", group=task_id, upstream=before
        )
        self.nodes.pop()
        model = replace(model, decides=False, trigger=DEFAULT_TRIGGER, details=_built_by(built))
        with self.placed(path):
            rounds = None
            if isinstance(compiled.matrix, Iterative):
                rounds = planned_rounds(compiled.matrix, model, self.deployment, self.library)
                self.attach(tuner_path(path), rounds.tuner)
            self.nodes += sweep_nodes(compiled, model, rounds.nodes if rounds else None)
        best = self.nodes[-1]
        self.hooks(compiled, best, f"{task_id}.hook")
        return Ends((best.id,), may_skip=self.may_skip(compiled, upstream))

    def sweep_of_dags(
        self, compiled: CompiledOperation, *, path: str, task_id: str, upstream: tuple[Ends, ...]
    ) -> Ends:
        """Add a sweep over a dag: a mapped task group, of which each instance is a trial, and the best of them."""
        trial, last = f"{task_id}.trial", f"{task_id}.best"
        with self.placed(path):
            count = trials_of_dags(compiled)
        self.groups.append(Group(task_id, path, compiled.description or ""))
        before = self.entrance(compiled, path, task_id, upstream, ends_with=last)
        first = Node(
            id=f"{trial}.params",
            kind="params",
            operation=path,
            upstream=tuple(task for end in before for task in end.last),
            group=trial,
            details={"ends_with": f"{trial}.outcome"},
        )
        values = f"{task_id}.values" if count is None else None
        if values is not None:
            self.nodes.append(replace(first, id=values, kind="values", group=task_id, details={}))
            first = replace(first, upstream=(values,))
        self.groups.append(Group(trial, path, mapped=count, mapped_over=values))
        self.nodes.append(first)
        inner = compiled.model_copy(update={"hooks": None})
        ends = self.dag(
            inner, path=path, group=trial, upstream=(Ends((first.id,), may_skip=True),), always_outcome=True
        )
        best = replace(
            first,
            id=last,
            kind="best",
            upstream=ends.last,
            group=task_id,
            trigger="all_done",
            decides=True,
            details={"trials": [first.id], "makers": [values or first.id]},
        )
        self.nodes.append(best)
        self.operations[path] = self.operations[path].model_copy(update={"hooks": compiled.hooks})
        self.hooks(compiled, best, f"{task_id}.hook")
        return Ends((last,), may_skip=self.may_skip(compiled, upstream))

    def node(
        self,
        compiled: CompiledOperation,
        kind: NodeKind,
        *,
        path: str,
        task_id: str,
        group: str,
        upstream: tuple[Ends, ...],
        gated: bool = False,
    ) -> Node:
        """Add one task of an operation. `gated`: a task before it has decided whether it starts."""
        termination = compiled.termination
        with self.placed(path):
            place = self.deployment.place(compiled)
            policy_of(termination)
            check_probe(compiled)
        trigger = DEFAULT_TRIGGER if gated else compiled.trigger or DEFAULT_TRIGGER
        before = tuple(last for end in upstream for last in end.last)
        node = Node(
            id=task_id,
            kind=kind,
            operation=path,
            upstream=before,
            group=group,
            trigger=trigger,
            event=next((node.id for node in self.nodes if node.kind == "event" and node.id in before), None),
            decides=not gated
            and bool(upstream)
            and (trigger != DEFAULT_TRIGGER or any(end.may_skip for end in upstream)),
            pool=place.pool,
            pool_slots=place.slots,
            max_retries=_number(getattr(termination, "max_retries", None)),
            timeout=_number(getattr(termination, "timeout", None)) or None,
        )
        self.nodes.append(node)
        return node

    @staticmethod
    def needs_gate(compiled: CompiledOperation, upstream: tuple[Ends, ...]) -> bool:
        return bool(
            (upstream and (compiled.trigger or DEFAULT_TRIGGER) != DEFAULT_TRIGGER)
            or any(end.may_skip for end in upstream)
        )

    @staticmethod
    def may_skip(compiled: CompiledOperation, upstream: tuple[Ends, ...]) -> bool:
        return bool(
            compiled.conditions
            or compiled.skip_on_upstream_skip
            or (compiled.trigger or DEFAULT_TRIGGER) != DEFAULT_TRIGGER
            or any(end.may_skip for end in upstream)
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


def _task_name(name: str) -> str:
    """A name of an operation as Airflow takes it in a task's id: without the braces of a template."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") if is_template(name) else name


def _schedule(compiled: CompiledOperation, deployment: Deployment) -> dict[str, Any] | None:
    """The schedule in JSON. Raises CompilationError if a run that nobody triggers would lack an input."""
    if compiled.schedule is None and not compiled.events:
        return None
    missing = [name for name, field in form_of(compiled).items() if "default" not in field]
    if missing:
        faults = [
            Fault(
                f"input '{name}' has no value, and a run that starts by itself has nobody to ask",
                path=("inputs",),
                suggestion="Give it a default, or pass it in params.",
                rule="missing-param",
            )
            for name in missing
        ]
        raise CompilationError(faults)
    if compiled.schedule is None:
        return None
    schedule = literal_schedule(compiled, compiled.schedule)
    return planned(schedule, timezone=deployment.timezone, catchup=deployment.catchup)


def _built_by(build: tuple[Ends, ...]) -> dict[str, str]:
    """What a run must know of the build before it."""
    return {"build": build[0].last[0]} if build else {}


def _may_mask(node: Node) -> bool:
    """Whether Airflow could take a dag with this task for a success although an operation has failed."""
    return node.decides and node.kind not in ("best", "outcome", "hook")


def _upstreams_first(nodes: Sequence[compiler.Node]) -> Iterator[compiler.Node]:
    """The nodes of a dag, which has no cycle, in the order of the file as far as upstreams allow."""
    waiting, yielded = list(nodes), set[str]()
    while waiting:
        ready = next(node for node in waiting if yielded.issuperset(node.upstream))
        waiting.remove(ready)
        yielded.add(ready.name)
        yield ready


def _number(value: object) -> int:
    """A number that the file gives; a template is filled in at run time, where the number does not shape the DAG."""
    return value if isinstance(value, int) else 0


def _concurrency(compiled: CompiledOperation, nodes: list[Node]) -> int | None:
    """Tasks of a run at once: the dag's own limit, or enough for its widest sweep."""
    own = getattr(compiled.run, "concurrency", None)
    if isinstance(own, int) and not any(node.kind == "hook" for node in nodes):
        return own  # a hook would count, and hold up what it must not
    widest = max((node.concurrency or 0 for node in nodes), default=0)
    return widest if widest > AIRFLOWS_DEFAULT else None


AIRFLOWS_DEFAULT = 16  # [core] max_active_tasks_per_dag
