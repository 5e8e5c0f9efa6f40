"""`compile_operation`: layers become one operation, params become values (spec sections 3.1 and 3.2)."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.compiler.compiled import CompiledOperation, Node
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.polyaxonfile.composing import DEFAULT_STRATEGY, compose
from polyaxon_airflow.polyaxonfile.dag import Dag
from polyaxon_airflow.polyaxonfile.eventing import check_events
from polyaxon_airflow.polyaxonfile.graph import build_graph
from polyaxon_airflow.polyaxonfile.matching import all_params, check_params
from polyaxon_airflow.polyaxonfile.operation import BaseOperation, Operation
from polyaxon_airflow.polyaxonfile.overlays import (
    apply_as_far_as_it_fits,
    apply_document,
    apply_to_composed,
)
from polyaxon_airflow.polyaxonfile.sources import Finding, FindingsError, Sources
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.io import IO
from polyaxon_airflow.sections.params import JoinParam, Param

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polyaxon_airflow.polyaxonfile.graph import GraphNode
    from polyaxon_airflow.polyaxonfile.presets import Preset


def compile_operation(
    operation: Operation,
    *,
    params: Mapping[str, Any] | None = None,
    presets: Sequence[Preset] = (),
    for_all: Sequence[Preset] = (),
    by_name: Mapping[str, Preset] | None = None,
    sources: Sources | None = None,
    open_inputs: bool = False,
) -> CompiledOperation:
    """The operation with its presets and component merged in, and its params bound to what it declares.

    `for_all`: presets that come first on every run, each as far as it fits. `presets` lie over the operation itself.
    `by_name`: those that nodes of its dag may name.
    `params` are values that go over those of the operation and of its presets. Refs to other runs stay in `params` of
    the result. With `open_inputs`, inputs without a value are no fault: whoever starts the run is asked for them.
    Raises CompilationError with everything that is wrong, with places if `sources` knows them.
    """
    places = sources or Sources()
    layers = _Layers(for_all, by_name or {})
    try:
        for preset in (*for_all, *layers.by_name.values()):
            places |= preset.sources
        for preset in presets:
            places |= preset.sources
            if not preset.is_named:
                patched = apply_document(operation, preset.operation)
                places = places.standing_for(patched, operation)
                operation = patched
        composed = layers.under(compose(operation))
        for preset in presets:
            composed = apply_to_composed(composed, preset.operation) if preset.is_named else composed
        composed = _with_params(composed, params or {})
        return _compile(operation, composed, layers, open_inputs=open_inputs)
    except FindingsError as error:
        raise CompilationError(places.all(error.findings)) from error


class _Layers(NamedTuple):
    """What lies over the operations of a polyaxonfile besides what they hold themselves."""

    for_all: Sequence[Preset] = ()
    by_name: Mapping[str, Preset] = MappingProxyType({})

    def under(self, composed: Operation) -> Operation:
        """With the presets that are for all."""
        for preset in self.for_all:
            composed = apply_as_far_as_it_fits(composed, preset.operation)
        return composed

    def over_node(self, composed: Operation) -> Operation:
        """With the presets that are for all, then those that a node of a dag names."""
        names = composed.presets or []
        composed = self.under(composed)
        for name in names:
            if name in self.by_name:
                composed = apply_to_composed(composed, self.by_name[name].operation)
        return composed


def apply_preset(compiled: CompiledOperation, preset: Preset) -> CompiledOperation:
    """A compiled operation with one more preset, as when a trigger names it. Raises CompilationError.

    A preset for a whole file lies over each of its runs, as far as it fits there.
    """
    operation = preset.operation
    strategy = operation.patch_strategy or DEFAULT_STRATEGY
    if operation.params and strategy in ("isnull", "pre_merge"):
        # The values that the operation has win; they stand in its inputs already.
        bound = {io.name for io in _declared(compiled) if io.value is not None}
        free = {name: param for name, param in operation.params.items() if name not in bound}
        operation = operation.model_copy(update={"params": free})
    try:
        return apply_as_far_as_it_fits(compiled, operation)
    except FindingsError as error:
        raise CompilationError(preset.sources.all(error.findings)) from error


def _declared(compiled: CompiledOperation) -> list[IO]:
    return [*(compiled.inputs or []), *(compiled.outputs or []), *(compiled.contexts or [])]


def _with_params(composed: Operation, params: Mapping[str, Any]) -> Operation:
    if not params:
        return composed
    given = {
        name: value if isinstance(value, Param) else Param(value=value) for name, value in params.items()
    }
    return composed.model_copy(update={"params": {**(composed.params or {}), **given}})


def _compile(
    operation: Operation, composed: Operation, layers: _Layers, *, open_inputs: bool
) -> CompiledOperation:
    findings = [*_misfits(operation, composed), *check_events(operation)]
    if composed.run is not None:
        findings += check_params(operation, composed, open_inputs=open_inputs)
    if findings:
        raise FindingsError(findings)
    return _with_nodes(_bind(composed), operation, composed, layers)


def _misfits(operation: Operation, composed: Operation) -> Iterator[Finding]:
    if composed.run is None:
        fault = Fault(
            "there is nothing to run", suggestion="Add 'run:', a component or a reference.", rule="no-run"
        )
        yield Finding(operation, fault)
        return
    for name in ("sandbox", "ssh"):
        if getattr(composed.plugins, name, None) and getattr(composed.run, "kind", None) != "service":
            fault = Fault(f"plugins.{name} is for services only", path=("plugins", name), rule="plugins")
            yield Finding(operation, fault)


def _with_nodes(
    compiled: CompiledOperation, operation: Operation, composed: Operation, layers: _Layers
) -> CompiledOperation:
    """A compiled dag with its operations; anything else as it is."""
    if not isinstance(composed.run, Dag):
        return compiled
    graph = build_graph(operation, composed)
    if graph.findings:
        raise FindingsError(graph.findings)
    pushed = _pushed_down(composed)
    nodes = [_node(node, pushed, layers) for node in graph.nodes]
    run = compiled.run.model_copy(update={"operations": None, "components": None})
    return compiled.model_copy(update={"nodes": nodes, "run": run})


def _node(node: GraphNode, pushed: Operation, layers: _Layers) -> Node:
    operation = apply_document(node.operation, pushed, "pre_merge")
    composed = layers.over_node(compose(operation, is_node=True))
    # Its params have been checked with the graph, which knows what they may read.
    compiled = _with_nodes(_bind(composed), operation, composed, layers)
    return Node(name=node.name, upstream=list(node.upstream), operation=compiled)


def _pushed_down(composed: Operation) -> Operation:
    """What a dag gives to each of its operations, as a preset (spec section 3.7, "inheritance")."""
    fields = {name: getattr(composed, name) for name in ("cache", "termination", "plugins", "queue")}
    given = {name: value for name, value in fields.items() if value is not None}
    run = {name: getattr(composed.run, name) for name in ("environment", "connections", "volumes")}
    patch = {name: value for name, value in run.items() if value is not None}
    return Operation(is_preset=True, **given, **({"run_patch": patch} if patch else {}))


def _bind(composed: Operation) -> CompiledOperation:
    params = all_params(composed)
    inputs = [_bound(io, params.pop(io.name, None)) for io in composed.inputs or []]
    outputs = [_bound(io, params.pop(io.name, None)) for io in composed.outputs or []]
    contexts = [_context(name, param) for name, param in params.items()]
    open_params = {
        name: param
        for name, param in (composed.params or {}).items()
        if _is_open(name, param, [*inputs, *outputs])
    }
    kept = composed.model_fields_set & set(BaseOperation.model_fields) - {"inputs", "outputs"}
    fields: dict[str, Any] = {name: getattr(composed, name) for name in kept}
    fields |= {"strict_params": bool(composed.strict_params), "run": composed.run, "contexts": contexts}
    fields |= {"inputs": inputs} if composed.inputs is not None else {}
    fields |= {"outputs": outputs} if composed.outputs is not None else {}
    fields |= {"params": open_params} if open_params else {}
    return CompiledOperation.model_construct(kind="compiled_operation", **fields)


def _bound(io: IO, param: Param | JoinParam | None) -> IO:
    """The declaration with the param's value, if that stands in the file."""
    if param is None:
        return io
    given = {name: getattr(param, name) for name in ("connection", "to_init", "to_env")}
    update: dict[str, Any] = {name: value for name, value in given.items() if value}
    if (
        isinstance(param, Param)
        and param.is_literal
        and param.value is not None
        and _fits_now(io, param.value)
    ):
        update |= {"value": plain(io.check(param.value)), "is_optional": True}
    return io.model_copy(update=update)


def _fits_now(io: IO, value: Any) -> bool:
    """Whether a value can be taken as it is: a template can, where its type is text."""
    return not is_template(value) or (
        io.type in (None, "str", "path", "any", "Any", "image") and not io.is_list
    )


def _is_open(name: str, param: Param, declared: Sequence[IO]) -> bool:
    io = next((io for io in declared if io.name == name), None)
    return not param.is_literal or (
        io is not None and is_template(param.value) and not _fits_now(io, param.value)
    )


def _context(name: str, param: Param | JoinParam) -> IO:
    fields = {key: getattr(param, key) for key in ("connection", "to_init", "to_env")}
    given: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
    if isinstance(param, JoinParam):
        return IO.model_construct(name=name, is_list=True, is_optional=True, **given)
    value = {"value": param.value} if param.is_literal else {}
    return IO.model_construct(name=name, is_optional=True, **value, **given)


def plain(value: Any) -> Any:
    """A parsed value as it stands in YAML."""
    if isinstance(value, Section):
        return value.to_dict()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return [plain(item) for item in value] if isinstance(value, list) else value
