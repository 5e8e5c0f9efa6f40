"""Tasks out of compiled operations: dags, sweeps, single runs, and what comes before and after them."""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix.iterative import Iterative
from polyaxon_airflow.plan import Group, Node, NodeKind
from polyaxon_airflow.plan.attached import faults_below, place_of
from polyaxon_airflow.plan.builds import build_path, planned_build
from polyaxon_airflow.plan.deployment import DEFAULT_POOL
from polyaxon_airflow.plan.events import waited_for_as_a_whole, wanted_by
from polyaxon_airflow.plan.failures import policy_of
from polyaxon_airflow.plan.hooks import planned_hooks
from polyaxon_airflow.plan.literal import literal_dag
from polyaxon_airflow.plan.notifications import with_notifications
from polyaxon_airflow.plan.probes import check_probe
from polyaxon_airflow.plan.rounds import planned_rounds, tuner_path
from polyaxon_airflow.plan.sweeps import sweep_nodes, trials_of_dags
from polyaxon_airflow.plan.templated import with_known_values
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from polyaxon_airflow import compiler
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.errors import Fault
    from polyaxon_airflow.plan.attached import Attached
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library

    Placing = Callable[[str, Fault], Fault]  # of a fault in the operation of that path

DEFAULT_TRIGGER = "all_succeeded"


class Ends(NamedTuple):
    """Where the tasks of an operation begin and end; `may_skip`: whether it can end as skipped."""

    last: tuple[str, ...]
    may_skip: bool


@dataclass(frozen=True)
class Spot:
    """Where a task goes: the place of its operation in the tree, its id, its task group, what it waits for."""

    path: str
    task_id: str
    group: str = ""
    upstream: tuple[Ends, ...] = ()

    def beside(self, task_id: str) -> Spot:
        """The same for another task."""
        return replace(self, task_id=task_id)

    def behind(self, upstream: tuple[Ends, ...]) -> Spot:
        """The same, waiting for something else if there is something."""
        return replace(self, upstream=upstream) if upstream else self

    def inside(self, task_id: str) -> Spot:
        """The same for a task of the group that this one stands for."""
        return replace(self, task_id=f"{self.task_id}.{task_id}", group=self.task_id)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Ids of the tasks before it."""
        return tuple(last for end in self.upstream for last in end.last)


@dataclass
class Builder:
    """Collects the tasks of a polyaxonfile, an operation at a time."""

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
        task_id = f"{group}.{task_name(name)}" if group else task_name(name)
        spot = Spot(path, task_id, group, tuple(upstream))
        with self.placed(path):
            compiled = with_notifications(compiled)
        if compiled.matrix is not None:
            return (
                self.sweep(compiled, spot) if compiled.nodes is None else self.sweep_of_dags(compiled, spot)
            )
        if compiled.nodes is not None:
            return self.nested(compiled, spot)
        return self.single(compiled, spot)

    def single(self, compiled: CompiledOperation, spot: Spot) -> Ends:
        """Add a run, with what comes before and after it."""
        self.operations[spot.path] = compiled
        task_id = spot.task_id
        asked = self.approval(compiled, spot.beside(f"{task_id}_approval"), asked_for=task_id)
        image = spot.beside(f"{task_id}_build").behind(asked)
        built = self.build(compiled, image, gated=bool(asked), wanted_by=task_id)
        before = built or asked
        node = replace(
            self.node(compiled, "run", spot.behind(before), gated=bool(before)), details=_built_by(built)
        )
        self.nodes.append(node)
        self.hooks(compiled, node, f"{task_id}_hook")
        return Ends((node.id,), may_skip=bool(asked) or may_skip(compiled, spot.upstream))

    def hooks(self, compiled: CompiledOperation, after: Node, name: str) -> None:
        """Add what runs after an operation and nothing waits for. `name`: task id of a hook."""
        if not compiled.hooks:
            return
        with self.placed(after.operation):
            for node, operation in planned_hooks(compiled, after, name, self.deployment, self.library):
                demands = {} if operation is None else self.demands(operation.compiled, node.operation)
                self.nodes.append(replace(node, **demands))
                self.attach(node.operation, operation)

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

    def approval(self, compiled: CompiledOperation, spot: Spot, *, asked_for: str) -> tuple[Ends, ...]:
        """Add the task that asks a person, if the operation is not approved; nothing if it is."""
        if compiled.is_approved in (None, True):
            return ()
        node = self.node(compiled, "approval", spot)
        self.nodes.append(replace(node, pool=DEFAULT_POOL, pool_slots=1, details={"task": asked_for}))
        return (Ends((node.id,), may_skip=True),)

    def build(
        self, compiled: CompiledOperation, spot: Spot, *, gated: bool, wanted_by: str
    ) -> tuple[Ends, ...]:
        """Add the task that makes the image of an operation, if it has a `build`; it decides whether both start."""
        if compiled.build is None:
            return ()
        path = build_path(spot.path)
        node = self.node(compiled, "build", spot, gated=gated)
        with self.placed(spot.path):
            operation = planned_build(compiled, self.deployment, self.library)
        if isinstance(operation, str):
            node = replace(node, pool=DEFAULT_POOL, pool_slots=1, max_retries=0, most_retries=0, timeout=None)
            details = {"for": wanted_by, "missing": operation}
        else:
            with self.placed(spot.path):
                node = replace(node, **self.demands(operation.compiled, path))
            details = {"for": wanted_by}
        self.nodes.append(replace(node, operation=path, details=details))
        self.attach(path, None if isinstance(operation, str) else operation)
        return (Ends((spot.task_id,), may_skip=may_skip(compiled, spot.upstream)),)

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
                planned_build(compiled, self.deployment, self.library)  # which refuses it
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
            upstream=Spot(path, "", group, upstream).waits_for,
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

    def nested(self, compiled: CompiledOperation, spot: Spot) -> Ends:
        """Add a dag inside a dag: a task group that ends with its outcome."""
        self.groups.append(Group(spot.task_id, spot.path, compiled.description or ""))
        before = self.entrance(compiled, spot, ends_with=f"{spot.task_id}.outcome")
        ends = self.dag(compiled, path=spot.path, group=spot.task_id, upstream=before, always_outcome=True)
        return Ends(ends.last, may_skip=may_skip(compiled, spot.upstream))

    def entrance(self, compiled: CompiledOperation, spot: Spot, *, ends_with: str) -> tuple[Ends, ...]:
        """Add what decides for a whole group whether it starts: its approval, its trigger, its condition."""
        asked = self.approval(compiled, spot.inside("approval"), asked_for=ends_with)
        before = asked or spot.upstream
        if not (compiled.conditions or (not asked and needs_gate(compiled, spot.upstream))):
            return before
        gate = self.node(compiled, "gate", spot.inside("gate").behind(before), gated=bool(asked))
        self.nodes.append(replace(gate, pool=DEFAULT_POOL, pool_slots=1, details={"ends_with": ends_with}))
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
        return Ends((node.id,), may_skip=may_skip(compiled, ()))

    def builds(self, path: str) -> dict[str, list[str]]:
        """The builds of a dag's operations, which fail the dag like these."""
        found = [node for node in self.nodes if node.kind == "build"]
        names = {node.id: node.operation.partition("/")[0] for node in found}
        inside = {
            task_id: name for task_id, name in names.items() if name and name.rpartition(".")[0] == path
        }
        return {f"{name.rpartition('.')[2]}'s build": [task_id] for task_id, name in inside.items()}

    def sweep(self, compiled: CompiledOperation, spot: Spot) -> Ends:
        """Add a sweep: a task group of trials that ends with the best."""
        path, last = spot.path, f"{spot.task_id}.best"
        self.operations[path] = compiled
        self.groups.append(Group(spot.task_id, path, compiled.description or ""))
        before = self.entrance(compiled, spot, ends_with=last)
        built = self.build(compiled, spot.inside("build").behind(before), gated=True, wanted_by=last)
        trial = self.node(compiled, "trial", spot.inside("trial").behind(built or before), gated=True)
        model = replace(trial, details=_built_by(built))
        with self.placed(path):
            rounds = None
            if isinstance(compiled.matrix, Iterative):
                rounds = planned_rounds(compiled.matrix, model, self.deployment, self.library)
                self.attach(tuner_path(path), rounds.tuner)
            self.nodes += sweep_nodes(compiled, model, rounds.nodes if rounds else None)
        best = self.nodes[-1]
        self.hooks(compiled, best, f"{spot.task_id}.hook")
        return Ends((best.id,), may_skip=may_skip(compiled, spot.upstream))

    def sweep_of_dags(self, compiled: CompiledOperation, spot: Spot) -> Ends:
        """Add a sweep over a dag: a mapped task group, of which each instance is a trial, and the best of them."""
        path, trial, last = spot.path, f"{spot.task_id}.trial", f"{spot.task_id}.best"
        with self.placed(path):
            count = trials_of_dags(compiled)
        self.groups.append(Group(spot.task_id, path, compiled.description or ""))
        before = self.entrance(compiled, spot, ends_with=last)
        first = Node(
            id=f"{trial}.params",
            kind="params",
            operation=path,
            upstream=spot.behind(before).waits_for,
            group=trial,
            details={"ends_with": f"{trial}.outcome"},
        )
        values = f"{spot.task_id}.values" if count is None else None
        if values is not None:
            self.nodes.append(replace(first, id=values, kind="values", group=spot.task_id, details={}))
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
            group=spot.task_id,
            trigger="all_done",
            decides=True,
            details={"trials": [first.id], "makers": [values or first.id]},
        )
        self.nodes.append(best)
        self.operations[path] = self.operations[path].model_copy(update={"hooks": compiled.hooks})
        self.hooks(compiled, best, f"{spot.task_id}.hook")
        return Ends((last,), may_skip=may_skip(compiled, spot.upstream))

    def node(self, compiled: CompiledOperation, kind: NodeKind, spot: Spot, *, gated: bool = False) -> Node:
        """A task of an operation. `gated`: a task before it has decided whether it starts."""
        with self.placed(spot.path):
            demands = self.demands(compiled, spot.path)
            policy_of(compiled.termination)
            check_probe(compiled)
        trigger = DEFAULT_TRIGGER if gated else compiled.trigger or DEFAULT_TRIGGER
        before = spot.waits_for
        return Node(
            id=spot.task_id,
            kind=kind,
            operation=spot.path,
            upstream=before,
            group=spot.group,
            trigger=trigger,
            event=next((node.id for node in self.nodes if node.kind == "event" and node.id in before), None),
            decides=not gated and needs_gate(compiled, spot.upstream),
            **demands,
        )

    def demands(self, compiled: CompiledOperation, path: str) -> dict[str, Any]:
        """What the task of a run asks of Airflow. Raises CompilationError as `Deployment.place`."""
        with faults_below(place_of(path)) if "/" in path else nullcontext():
            if self.deployment.queues is not None:
                compiled = with_known_values(compiled, path, self.operations)
            return self.deployment.demands(compiled)


def needs_gate(compiled: CompiledOperation, upstream: tuple[Ends, ...]) -> bool:
    """Whether something other than Airflow's own rule must decide if an operation starts."""
    triggered = bool(upstream) and (compiled.trigger or DEFAULT_TRIGGER) != DEFAULT_TRIGGER
    return triggered or any(end.may_skip for end in upstream)


def may_skip(compiled: CompiledOperation, upstream: tuple[Ends, ...]) -> bool:
    """Whether an operation can end as skipped."""
    return bool(
        compiled.conditions
        or compiled.skip_on_upstream_skip
        or (compiled.trigger or DEFAULT_TRIGGER) != DEFAULT_TRIGGER
        or any(end.may_skip for end in upstream)
    )


def task_name(name: str) -> str:
    """A name of an operation as Airflow takes it in a task's id: without the braces of a template."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") if is_template(name) else name


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
