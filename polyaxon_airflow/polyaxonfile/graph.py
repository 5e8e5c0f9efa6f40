"""The graph of a dag: its nodes with their components, what each waits for, what is wrong (spec section 3.7)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import MAX_ERRORS, listed
from polyaxon_airflow.polyaxonfile.composing import compose
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.matching import check_params
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.sources import Finding, FindingsError, layers
from polyaxon_airflow.sections.io import IO
from polyaxon_airflow.sections.refs import operation_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GLOBALS = (
    "owner_name", "project_name", "project_unique_name", "project_uuid", "run_info", "name", "uuid", "status",
    "namespace", "iteration", "context_path", "artifacts_path", "created_at", "compiled_at", "schedule_at",
    "started_at", "finished_at", "duration", "cloning_kind", "original_uuid", "is_independent",
)  # fmt: skip


@dataclass(frozen=True)
class GraphNode:
    """One operation of a dag."""

    authored: Operation  # as it stands in the file
    operation: Operation  # with the component that its dagRef names
    composed: Operation  # one flat operation
    upstream: tuple[str, ...]  # the names of what it waits for

    @property
    def name(self) -> str:
        return str(self.authored.name)


@dataclass(frozen=True)
class Graph:
    """The nodes of a dag in the order of the file, and everything that is wrong with them."""

    nodes: tuple[GraphNode, ...]
    findings: tuple[Finding, ...]
    readable: Mapping[str, IO]  # what refs in it may read, such as `ops.train.outputs.loss`


def build_graph(authored: Operation, composed: Operation) -> Graph:
    """The graph of an operation whose run is a dag; `composed` is the flat form of `authored`."""
    dag = composed.run
    if not isinstance(dag, Dag):
        raise TypeError(f"not a dag: {dag!r}")
    owner = _owner(authored)
    if not isinstance(dag.operations, list) or not dag.operations:
        fault = Fault("a dag needs a list of operations", path=("run", "operations"), rule="dag")
        return Graph((), (Finding(owner, fault),), {})
    library = [*_names(dag.components or [], "component")]
    findings = [finding for _, finding in library if finding is not None]
    components = {
        component.name: component for component, finding in library if finding is None and component.name
    }
    nodes = []
    for operation, problem in _names(dag.operations, "operation"):
        findings += [problem] if problem else []
        node, found = _node(operation, components)
        findings += found
        if node is not None and problem is None:
            nodes.append(node)
    names = {str(operation.name) for operation in dag.operations}
    findings += islice(_edges_that_lead_nowhere(nodes, names), MAX_ERRORS)
    findings += [] if findings else _cycles(nodes)
    readable = _readable(nodes, composed.inputs or [])
    for node in nodes:
        findings += check_params(node.operation, node.composed, readable)
    # An operation that got its component from the dag's library is a copy; its place is that of the one in the file.
    copies = {id(node.operation): node.authored for node in nodes}
    placed = [Finding(copies.get(id(finding.layer), finding.layer), finding.fault) for finding in findings]
    return Graph(tuple(nodes), tuple(placed), readable)


def in_order(nodes: Sequence[GraphNode]) -> list[list[str]]:
    """The names of the nodes level by level: each waits only for nodes of levels before its own.

    Names that a cycle keeps from ever starting are left out.
    """
    waiting = {node.name: len(node.upstream) for node in nodes}
    downstream = defaultdict(list)
    for node in nodes:
        for name in node.upstream:
            downstream[name].append(node.name)
    levels = [[name for name, count in waiting.items() if count == 0]]
    while levels[-1]:
        levels.append([])
        for name in levels[-2]:
            for follower in downstream[name]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    levels[-1].append(follower)
    return levels[:-1]


def _owner(authored: Operation) -> Operation:
    return next((layer for layer in layers(authored) if isinstance(layer.run, Dag)), authored)


def _names(operations: Sequence[Operation] | str, kind: str) -> Iterator[tuple[Operation, Finding | None]]:
    """Each operation, with what is wrong with its name."""
    seen: set[str] = set()
    for operation in operations if not isinstance(operations, str) else ():
        name = operation.name
        if not name:
            yield (
                operation,
                Finding(
                    operation,
                    Fault(f"each {kind} of a dag needs a name", rule="dag-name", suggestion="Add 'name:'."),
                ),
            )
        elif name in seen:
            message = f"a dag has one {kind} of a name; '{name}' is taken"
            fault = Fault(message, path=("name",), rule="dag-name", suggestion="Rename one of them.")
            yield operation, Finding(operation, fault)
        else:
            seen.add(name)
            yield operation, None


def _node(authored: Operation, components: Mapping[str, Operation]) -> tuple[GraphNode | None, list[Finding]]:
    if authored.schedule is not None:
        fault = Fault(
            "a node of a dag cannot have a schedule",
            path=("schedule",),
            of_key=True,
            rule="dag-schedule",
            suggestion="Give the schedule to the operation that runs the dag.",
        )
        return None, [Finding(authored, fault)]
    operation, problem = with_dag_ref(authored, components)
    if problem is not None:
        return None, [problem]
    try:
        composed = compose(operation, is_node=True)
    except FindingsError as error:
        return None, list(error.findings)
    if composed.run is None:
        fault = Fault(
            "this operation has nothing to run",
            rule="no-run",
            suggestion="Add 'run:', a component or a reference.",
        )
        return None, [Finding(authored, fault)]
    return GraphNode(authored, operation, composed, _upstream(composed)), []


def with_dag_ref(
    operation: Operation, components: Mapping[str, Operation], seen: tuple[str, ...] = ()
) -> tuple[Operation, Finding | None]:
    """The operation with the component of the dag's library that it, or its component, names."""
    if operation.component is not None:
        component, problem = with_dag_ref(operation.component, components, seen)
        unchanged = component is operation.component
        return operation if unchanged else operation.model_copy(update={"component": component}), problem
    name = operation.dag_ref
    if not name:
        return operation, None
    if name in seen or name not in components:
        return operation, _bad_dag_ref(operation, name, components, seen)
    component, problem = with_dag_ref(components[name], components, (*seen, name))
    return operation.model_copy(update={"component": component}), problem


def _bad_dag_ref(
    operation: Operation, name: str, components: Mapping[str, Operation], seen: tuple[str, ...]
) -> Finding:
    if name in seen:
        message = f"components refer to one another in a circle: {' -> '.join((*seen, name))}"
        return Finding(operation, Fault(message, path=("dagRef",), rule="reference-cycle"))
    message = f"no component of the dag is called '{name}'; known: {', '.join(components) or 'none'}"
    return Finding(
        operation,
        Fault(message, path=("dagRef",), suggestion=explain.suggest(name, components), rule="dag-ref"),
    )


def _upstream(composed: Operation) -> tuple[str, ...]:
    names = list(composed.dependencies) if isinstance(composed.dependencies, list) else []
    names += [name for param in (composed.params or {}).values() if (name := operation_of(param.ref or ""))]
    events = composed.events if isinstance(composed.events, list) else []
    names += [name for event in events if (name := operation_of(event.ref))]
    return tuple(dict.fromkeys(names))


def _edges_that_lead_nowhere(nodes: Sequence[GraphNode], names: set[str]) -> Iterator[Finding]:
    known = sorted(names)
    for node in nodes:
        for name in node.upstream:
            if name not in names:
                others = [other for other in known if other != node.name]
                message = f"no operation of the dag is called '{name}'; known: {listed(others)}"
                layer, path = _where_upstream(node.operation, name)
                suggestion = explain.suggest(name, others)
                yield Finding(layer, Fault(message, path=path, suggestion=suggestion, rule="dag-upstream"))
        for field in ("dependencies", "events"):
            if isinstance(getattr(node.composed, field), str):
                fault = Fault(
                    f"{field} of a dag's operation cannot be a template: they make the graph",
                    path=(field,),
                    rule="dag-upstream",
                )
                yield Finding(node.authored, fault)


def _where_upstream(operation: Operation, name: str) -> tuple[Operation, tuple[str | int, ...]]:
    for layer in layers(operation):
        if isinstance(layer.dependencies, list) and name in layer.dependencies:
            return layer, ("dependencies", layer.dependencies.index(name))
        for key, param in (layer.params or {}).items():
            if operation_of(param.ref or "") == name:
                return layer, ("params", key, "ref")
        for index, event in enumerate(layer.events if isinstance(layer.events, list) else ()):
            if operation_of(event.ref) == name:
                return layer, ("events", index, "ref")
    return operation, ()


def _cycles(nodes: Sequence[GraphNode]) -> list[Finding]:
    started = {name for level in in_order(nodes) for name in level}
    stuck = {node.name: node for node in nodes if node.name not in started}
    if not stuck:
        return []
    circle = _circle(stuck)
    layer, path = _where_upstream(stuck[circle[-2]].operation, circle[-1])
    message = f"operations wait for one another: {' <- '.join(circle)}"
    fault = Fault(message, path=path, rule="dag-cycle", suggestion="Take one of these edges out.")
    return [Finding(layer, fault)]


def _circle(stuck: Mapping[str, GraphNode]) -> list[str]:
    """Names of nodes of which each waits for the next, and the last is the first."""
    walked = {next(iter(stuck)): 0}  # a name to its position
    last = next(iter(stuck))
    while True:
        last = next(name for name in stuck[last].upstream if name in stuck)
        if last in walked:
            return [*list(walked)[walked[last] :], last]
        walked[last] = len(walked)


def _readable(nodes: Sequence[GraphNode], inputs: Sequence[IO]) -> dict[str, IO]:
    """What refs may read: the declared inputs and outputs of each node, and what every run has."""
    readable = {f"dag.inputs.{io.name}": io for io in inputs}
    readable |= _of_every_run("dag", ("inputs",))
    for node in nodes:
        start = f"ops.{node.name}"
        readable |= _of_every_run(start, ("inputs", "outputs"))
        for section in ("inputs", "outputs"):
            for io in getattr(node.composed, section) or []:
                readable[f"{start}.{section}.{io.name}"] = io
                if io.type == "artifacts":
                    readable[f"{start}.artifacts.{io.name}"] = io
        if node.composed.matrix is not None:
            readable |= _of_a_sweep(start, node.composed.inputs or [])
    return readable


def _of_a_sweep(start: str, inputs: Sequence[IO]) -> dict[str, IO]:
    """What the task that ends a sweep gives: its best trial, with the params that it was told."""
    best = f"{start}.outputs.best"
    told = {f"{best}.params.{io.name}": io for io in inputs}
    of_best = {"value": "float", "index": "int", "uuid": "str", "params": "dict"}
    declared = {f"{best}.{name}": IO(name="best", type=kind) for name, kind in of_best.items()}
    return {**declared, **told, best: _MAPPING, f"{start}.outputs.trials": IO(name="trials", type="list")}


def _of_every_run(start: str, mappings: tuple[str, ...]) -> dict[str, IO]:
    declared = {f"{start}.{name}": _MAPPING for name in mappings}
    declared |= {f"{start}.{name}": _TEXT for name in ("artifacts", "io")}
    return declared | {f"{start}.globals.{name}": _TEXT for name in GLOBALS}


_MAPPING = IO.model_construct(name="inputs", type="dict")
_TEXT = IO.model_construct(name="global", type="str")
