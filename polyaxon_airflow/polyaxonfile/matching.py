"""Params against inputs and outputs: what is missing, what does not fit (spec sections 2.3 to 2.5)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.polyaxonfile.sources import Finding, layers
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.sections import types
from polyaxon_airflow.sections.params import JoinParam, Param
from polyaxon_airflow.sections.refs import NAMED, WHOLE, check_path, operation_of, parse_ref, read_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.sections.io import IO

AnyParam = Param | JoinParam
FILES = ("files", "dirs", "workers")


def check_params(
    authored: Operation,
    composed: Operation,
    readable: Mapping[str, IO] | None = None,
    *,
    open_inputs: bool = False,
) -> Iterator[Finding]:
    """What is wrong with the params of an operation.

    `readable` holds the declarations of what a ref may read, by `ops.train.outputs.loss`; None outside of a dag. With
    `open_inputs`, inputs may be without a value.
    """
    yield from _check_joins(authored)
    yield from _check_matrix(authored, composed)
    params = all_params(composed)
    inputs, outputs = composed.inputs or [], composed.outputs or []
    for io in inputs:
        param = params.get(io.name)
        if param is not None:
            yield from _check_given(authored, io, param, readable or {})
        elif composed.matrix is not None and io.name in matrix_names(composed):
            yield from _check_space(authored, composed, io)
        elif io.is_optional or io.delay_validation or open_inputs or _names_come_later(composed):
            continue
        else:
            yield _missing(authored, io, "input")
    for io in outputs:
        param = params.get(io.name)
        if param is not None:
            yield from _check_given(authored, io, param, {})
        elif io.delay_validation is False and not io.is_optional:
            yield _missing(authored, io, "output")
    declared = {io.name for io in (*inputs, *outputs)}
    for name, param in params.items():
        if name not in declared:
            yield from _check_undeclared(authored, composed, name, param, declared)


def all_params(composed: Operation) -> dict[str, AnyParam]:
    """The params of an operation, and those that its joins collect."""
    params: dict[str, AnyParam] = dict(composed.params or {})
    for join in composed.joins if isinstance(composed.joins, list) else ():
        for name, param in (join.params if isinstance(join.params, dict) else {}).items():
            params.setdefault(name, param)
    return params


def matrix_names(composed: Operation) -> set[str]:
    """The params that each trial of the matrix gets."""
    matrix: Any = composed.matrix
    values = getattr(matrix, "values", None)
    if isinstance(values, list):
        # As in Polyaxon: the first row says which names there are.
        return set(values[0]) if values and isinstance(values[0], dict) else set()
    spaces = getattr(matrix, "params", None)
    resource = getattr(matrix, "resource", None)
    return {*(spaces if isinstance(spaces, dict) else ()), *([resource.name] if resource else ())}


def _names_come_later(composed: Operation) -> bool:
    """Whether the rows of a mapping are a template, so that only the run knows which params they have."""
    return isinstance(getattr(composed.matrix, "values", None), str)


def _check_joins(authored: Operation) -> Iterator[Finding]:
    for layer in layers(authored):
        if isinstance(layer.joins, str):
            yield Finding(layer, Fault("joins cannot be a template", path=("joins",), rule="join"))
            continue
        for index, join in enumerate(layer.joins or []):
            if not isinstance(join.params, dict):
                message = "a join needs params, which say what it collects"
                suggestion = "Write params: {losses: {value: outputs.loss}}."
                yield Finding(
                    layer, Fault(message, path=("joins", index), suggestion=suggestion, rule="join")
                )


def _check_matrix(authored: Operation, composed: Operation) -> Iterator[Finding]:
    if composed.matrix is not None and getattr(composed.matrix, "params", None) == {}:
        layer = next((layer for layer in layers(authored) if layer.matrix is not None), authored)
        suggestion = "Write params: {lr: {kind: choice, value: [0.1, 0.01]}}."
        fault = Fault(
            "a matrix needs params to search", path=("matrix", "params"), suggestion=suggestion, rule="matrix"
        )
        if composed.matrix.kind in ("grid", "bayes"):  # the other kinds take no params in Polyaxon
            yield Finding(layer, fault)


def _check_given(
    authored: Operation, io: IO, param: AnyParam, readable: Mapping[str, IO]
) -> Iterator[Finding]:
    if isinstance(param, JoinParam):
        if not io.is_list and io.type != "artifacts":
            yield _of_param(
                authored,
                io.name,
                f"a join gives a list, and '{io.name}' takes one value",
                "Set isList: true.",
            )
        yield from _check_collected(authored, io.name, param.value)
        return
    if param.ref:
        yield from _check_ref(authored, io.name, param, io, readable)
    elif not is_template(param.value):
        yield from _check_value(authored, io, param.value)


def _check_collected(authored: Operation, name: str, value: Any) -> Iterator[Finding]:
    """What a join is to collect: a path into the runs that it finds, or files of them."""
    if isinstance(value, dict):
        return
    if not isinstance(value, str):
        given = "null" if value is None else repr(value)
        message = f"a join collects what a path into runs names, not {given}"
        yield _of_param(authored, name, message, "Write one such as outputs.loss.", below=("value",))
        return
    try:
        check_path(value, of_dag=False)
    except ValueError as error:
        yield _of_param(authored, name, str(error), likely_path(value, ()), below=("value",))


def _check_value(authored: Operation, io: IO, value: Any) -> Iterator[Finding]:
    if value is None:
        if io.type is not None and not io.is_optional:
            yield _of_param(authored, io.name, f"'{io.name}' needs a value, not null", None)
        return
    try:
        io.check(value)
    except ValueError as error:
        yield _of_param(authored, io.name, str(error), _key_meant(value))


def _key_meant(value: Any) -> str | None:
    """The key that a mapping is to have if it was to be the long form of a param."""
    keys = list(value) if isinstance(value, dict) else []
    return explain.suggest(keys[0], explain.keys(Param)) if keys else None


def _check_ref(
    authored: Operation, name: str, param: Param, io: IO | None, readable: Mapping[str, IO]
) -> Iterator[Finding]:
    try:
        ref = parse_ref(param.ref or "")
    except ValueError as error:
        yield _of_param(authored, name, str(error), likely_ref(param.ref or "", readable), below=("ref",))
        return
    if isinstance(param.value, dict):
        yield from _check_files(authored, name, param.value, io)
        return
    try:
        check_path(param.value, of_dag=ref.entity == "dag")
    except ValueError as error:
        known = [key.removeprefix(f"{param.ref}.") for key in readable if key.startswith(f"{param.ref}.")]
        yield _of_param(authored, name, str(error), likely_path(param.value, known), below=("value",))
        return
    path = read_path(param.value)
    if io is None or is_template(param.value) or ref.entity == "runs":
        return
    source = readable.get(f"{param.ref}.{path}")
    if source is not None:
        yield from _check_types(authored, name, io, source, f"{param.ref}.{path}")
    elif not path.startswith("artifacts") and not _is_unknown(ref.operation, readable):
        yield _unreadable(authored, name, param, path, readable)


def likely_ref(text: str, readable: Iterable[str]) -> str | None:
    """What was meant by `op.train`, `train` or `{{ ops.train }}`, of what there is to read."""
    entity, _, name = re.sub(r"[{}\s]", "", text).rpartition(".")
    operations = sorted({operation for key in readable if (operation := operation_of(key))})
    if name == "dag" and not entity:
        return "Did you mean 'dag'?"
    if entity.startswith("run"):
        return f"Did you mean 'runs.{name}'?"
    close = (
        [name] if name in operations else [other for other in operations if explain.suggest(name, [other])]
    )
    return f"Did you mean 'ops.{close[0]}'?" if close else None


def likely_path(text: str, known: Iterable[str]) -> str | None:
    """What was meant by `loss` or `output.loss`, of the paths that are known."""
    section, dot, name = read_path(text).partition(".")
    if not dot:
        fitting = [path for path in known if path.partition(".")[2] == section]
        return f"Did you mean '{fitting[0]}'?" if fitting else explain.suggest(section, WHOLE)
    meant = [other for other in NAMED if explain.suggest(section, [other])]
    return f"Did you mean '{meant[0]}.{name}'?" if meant and "." not in name else None


def _is_unknown(operation: str | None, readable: Mapping[str, IO]) -> bool:
    """Whether the graph says already that there is no such operation in the dag."""
    is_in_dag = any(key.startswith("ops.") for key in readable)
    return bool(operation and is_in_dag and not any(key.startswith(f"ops.{operation}.") for key in readable))


def _check_files(authored: Operation, name: str, value: dict[str, Any], io: IO | None) -> Iterator[Finding]:
    """Files and folders of the other run, below its own folder."""
    for key in sorted(value.keys() - set(FILES)):
        message = (
            f"'{key}' is nothing of another run; known: {', '.join(FILES)}, or a path such as outputs.loss"
        )
        yield _of_param(authored, name, message, explain.suggest(key, FILES), below=("value", key))
        return
    try:
        types.parse("artifacts", value)
    except ValueError as error:
        yield _of_param(authored, name, f"a choice of files of another run: {error}", None, below=("value",))
        return
    if io is not None and io.type not in (None, "artifacts"):
        message = f"'{name}' is {_article(io.type)}, and files of a run are of type artifacts"
        yield _of_param(authored, name, message, "Declare it with type: artifacts.")


def _check_types(authored: Operation, name: str, io: IO, source: IO, read: str) -> Iterator[Finding]:
    if not types.are_compatible(io.type, source.type):
        message = f"'{name}' is {_article(io.type)}, and '{read}' is {_article(source.type)}"
        yield _of_param(
            authored, name, message, "Give both the same type, or read it as an undeclared param."
        )
    elif io.is_list != source.is_list:
        message = f"'{name}' takes {io.type_name()}, and '{read}' is {source.type_name()}"
        yield _of_param(authored, name, message, "Give both the same isList.")


def _article(type_name: str | None) -> str:
    return f"of type {type_name}" if type_name else "without a type"


def _unreadable(
    authored: Operation, name: str, param: Param, path: str, readable: Mapping[str, IO]
) -> Finding:
    start = f"{param.ref}."
    known = sorted(key.removeprefix(start) for key in readable if key.startswith(start))
    section = path.partition(".")[0]
    near = [key for key in known if key.startswith(f"{section}.")]
    listed = f"; known: {', '.join(near)}" if near else ""
    message = f"'{param.ref}' has no '{path}' that '{name}' could read{listed}"
    return _of_param(authored, name, message, explain.suggest(path, near or known), below=("value",))


def _check_undeclared(
    authored: Operation, composed: Operation, name: str, param: AnyParam, declared: set[str]
) -> Iterator[Finding]:
    meant = explain.suggest(name, sorted(declared))
    if param.context_only is False:
        yield _of_param(authored, name, f"no input or output is called '{name}'", meant, of_key=True)
    elif composed.strict_params and not param.context_only:
        suggestion = meant or "Declare it, or set contextOnly: true."
        yield _of_param(
            authored,
            name,
            f"no input or output is called '{name}', and strictParams is set",
            suggestion,
            of_key=True,
        )
    if isinstance(param, Param) and param.ref:
        yield from _check_ref(authored, name, param, None, {})


def _check_space(authored: Operation, composed: Operation, io: IO) -> Iterator[Finding]:
    spaces = getattr(composed.matrix, "params", None)
    space = spaces.get(io.name) if isinstance(spaces, dict) else None
    wanted = getattr(space, "io_types", None)
    if space is None or wanted is None or io.type in wanted:
        return
    layer = next((layer for layer in layers(authored) if layer.matrix is not None), authored)
    message = f"{space.kind} gives {' or '.join(sorted(wanted))}, and '{io.name}' is {_article(io.type)}"
    yield Finding(layer, Fault(message, path=("matrix", "params", io.name), rule="matrix-type"))


def _missing(authored: Operation, io: IO, kind: str) -> Finding:
    suggestion = f"Pass it in params, or give it a default in {kind}s."
    fault = Fault(
        f"{kind} '{io.name}' has no value",
        path=("params",),
        of_key=True,
        suggestion=suggestion,
        rule="missing-param",
    )
    for layer in layers(authored):
        if layer.params is not None:
            return Finding(layer, fault)
    for layer in layers(authored):
        for index, declared in enumerate(getattr(layer, f"{kind}s") or []):
            if declared.name == io.name:
                return Finding(
                    layer,
                    Fault(fault.message, path=(f"{kind}s", index), suggestion=suggestion, rule=fault.rule),
                )
    return Finding(authored, fault)


def _of_param(
    authored: Operation,
    name: str,
    message: str,
    suggestion: str | None,
    *,
    of_key: bool = False,
    below: tuple[str, ...] = (),
) -> Finding:
    fault = Fault(message, path=("params", name, *below), suggestion=suggestion, rule="param", of_key=of_key)
    for layer in layers(authored):
        if name in (layer.params or {}):
            return Finding(layer, fault)
        for index, join in enumerate(layer.joins if isinstance(layer.joins, list) else ()):
            if isinstance(join.params, dict) and name in join.params:
                return Finding(layer, replace(fault, path=("joins", index, *fault.path)))
    return Finding(authored, fault)
