"""`resolve`: an operation becomes a run without a template left (spec sections 3.2, 3.4 to 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.compiler.compiled import CompiledOperation
from polyaxon_airflow.compiler.compiling import plain
from polyaxon_airflow.compiler.contexts import RunContext, service_globals, to_text, variables
from polyaxon_airflow.compiler.inits import init_entries
from polyaxon_airflow.compiler.rendering import literal, render, render_arguments, render_as_text
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.sections import types
from polyaxon_airflow.sections.hooks import Hook
from polyaxon_airflow.sections.io import IO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyaxon_airflow.runtimes import PodPath, PodTemplate

# Sections whose templates are rendered for the run itself; `run`, `build` and `hooks` have more to see.
SECTIONS = (
    "is_approved", "matrix", "presets", "cost", "queue", "cache", "plugins", "namespace", "termination", "schedule",
    "dependencies", "trigger", "conditions", "mount",
)  # fmt: skip

_TEXT_TYPES = ("str", "path", "image", "uuid")


def resolve(compiled: CompiledOperation, context: RunContext) -> CompiledOperation:
    """The operation with every param bound and every template rendered.

    Hooks are left as they are: they see the outcome of the run (`resolve_hooks`). Raises CompilationError.
    """
    bound = bind_values(compiled, context)
    seen = variables(_ios(bound), context)
    data = bound.to_dict()
    for name in SECTIONS:
        key = CompiledOperation.model_fields[name].alias or name
        if data.get(key) is not None:
            data[key] = render(data[key], seen)
    if data.get("conditions") is not None:
        data["conditions"] = str(data["conditions"])
    resolved = _validated(data)
    return resolved.model_copy(update={"run": _run(resolved, context, seen)})


def bind_values(compiled: CompiledOperation, context: RunContext) -> CompiledOperation:
    """The operation with the context's values in its inputs, outputs and contexts; open params are bound."""
    given = dict(context.params)
    seen = variables(_ios(compiled), context)
    for name, param in (compiled.params or {}).items():
        if name not in given and param.is_literal:
            given[name] = render(param.value, seen)
    missing = [name for name in compiled.params or {} if name not in given]
    if missing:
        raise CompilationError(
            [Fault(f"the value of '{name}' is not known yet", rule="unresolved") for name in missing]
        )
    update: dict[str, Any] = {"params": None}
    for section in ("inputs", "outputs", "contexts"):
        ios = getattr(compiled, section)
        if ios is not None:
            update[section] = [_with_value(io, given, seen, required=section == "inputs") for io in ios]
    known = {io.name for io in _ios(compiled)}
    extra = [_context(name, value) for name, value in given.items() if name not in known]
    update["contexts"] = [*(update.get("contexts") or []), *extra]
    return compiled.model_copy(update=update)


def _ios(compiled: CompiledOperation) -> list[IO]:
    return [*(compiled.inputs or []), *(compiled.outputs or []), *(compiled.contexts or [])]


def _context(name: str, value: Any) -> IO:
    return IO.model_construct(name=name, value=value, is_optional=True)


def _with_value(io: IO, given: Mapping[str, Any], seen: Mapping[str, Any], *, required: bool) -> IO:
    value = given.get(io.name, io.value)
    if io.type in _TEXT_TYPES:
        value = render_as_text(value, seen)
    elif isinstance(value, (str, list, dict)):
        value = render(value, seen)
    if value is None:
        if required and not io.is_optional:
            raise CompilationError(
                [
                    Fault(
                        f"input '{io.name}' has no value",
                        suggestion="Pass it in params.",
                        rule="missing-param",
                    )
                ]
            )
        return io
    if io.name in given and io.type == "datetime" and not io.is_list and types.has_time(value):
        # Polyaxon's type takes none, so none can go with it (docs/differences.md, `datetime-times`).
        return io.model_copy(update={"value": value, "type": None, "is_optional": True})
    try:
        parsed = io.check(value)
    except ValueError as error:
        raise CompilationError([Fault(str(error), path=("params", io.name), rule="param")]) from error
    # A default keeps the form in which the file gives it, as in Polyaxon.
    final = plain(parsed) if io.name in given else value
    return io.model_copy(update={"value": final, "is_optional": True})


def _run(compiled: CompiledOperation, context: RunContext, seen: Mapping[str, Any]) -> Any:
    run = compiled.run
    of_service = service_globals(run, seen["globals"], seen)
    seen = {**seen, "globals": of_service} if of_service else seen
    data = run.to_dict()
    for path, pod in run.pods().items():
        _render_pod(_at(data, path), pod, _Pod(context, seen, init_entries(_ios(compiled))))
    if () not in run.pods():
        roles = {path[0] for path in run.pods()}
        data |= {key: render(value, seen) for key, value in data.items() if key not in roles}
    try:
        return type(run).model_validate(data)
    except ValidationError as error:
        raise CompilationError(explain.faults(error, type(run), data)) from error


class _Pod(NamedTuple):
    """What a pod template is rendered with."""

    context: RunContext
    seen: Mapping[str, Any]
    inits: list[dict[str, Any]]  # of params that ask for it

    def connection(self, name: Any) -> dict[str, Any]:
        """The variables of a connection, by its name; none if it is not known, so that a template says so."""
        return {name: dict(self.context.connections[name])} if name in self.context.connections else {}


def _at(data: dict[str, Any], path: PodPath) -> dict[str, Any]:
    for step in path:
        data = data[step]
    return data


def _render_pod(data: dict[str, Any], pod: PodTemplate, given: _Pod) -> None:
    """Renders one pod template in place, with the connections that it asks for."""
    names = render(pod.connections, given.seen)
    inits = [*given.inits, *_inits(data.get("init"), given)]
    if inits:
        data["init"] = inits
    connections: dict[str, Any] = {}
    for name in names if isinstance(names, list) else ():
        connections |= given.connection(name)
    sources: dict[str, Any] = {}
    for entry in inits:
        sources |= given.connection(entry.get("connection"))
    seen = {**given.seen, "connections": connections, "init": sources}
    for key, value in data.items():
        data[key] = _RENDER.get(key, render)(value, seen)


def _inits(entries: Any, given: _Pod) -> list[dict[str, Any]]:
    """The entries of `init` with their connections: artifacts come from the store if nothing else is said."""
    rendered = render(entries, given.seen) if isinstance(entries, str) else entries
    found = []
    for entry in rendered if isinstance(rendered, list) else ():
        connection = render(entry.get("connection"), given.seen)
        if not connection and (entry.get("artifacts") or entry.get("paths")):
            connection = given.context.artifacts_store
        found.append({**entry, "connection": connection} if connection else entry)
    return found


def _environment(value: Any, seen: Mapping[str, Any]) -> Any:
    """The environment: labels, annotations and node selectors are text, with numbers as they are written."""
    if not isinstance(value, dict):
        return render(value, seen)
    texts = ("labels", "annotations", "nodeSelector")
    return {
        key: _as_labels(render_as_text(below, seen)) if key in texts else render(below, seen)
        for key, below in value.items()
    }


def _as_labels(value: Any) -> Any:
    """As in Polyaxon `True` becomes `true` and lists JSON; unlike there, the version 1.10 does not become 1.1."""
    if isinstance(value, dict):
        return {key: _as_labels(below) for key, below in value.items()}
    meant = literal(value)
    return to_text(meant) if isinstance(meant, (bool, list, dict)) else value


def _containers(value: Any, seen: Mapping[str, Any]) -> Any:
    """Containers, and init entries that may hold one: their command and args stay text, and so do files."""
    if isinstance(value, list):
        return [_containers(item, seen) for item in value]
    if not isinstance(value, dict):
        return render(value, seen)
    special = {"command": render_arguments, "args": render_arguments, "container": _containers, "file": _file}
    return {key: special.get(key, render)(below, seen) for key, below in value.items()}


def _file(value: Any, seen: Mapping[str, Any]) -> Any:
    """A file of `init`: a text that reads as JSON is still a text. Polyaxon makes a mapping of it and then fails."""
    return render_as_text(value, seen) if isinstance(value, dict) else render(value, seen)


_RENDER: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "container": _containers,
    "sidecars": _containers,
    "init": _containers,
    "environment": _environment,
}


def _validated(data: dict[str, Any]) -> CompiledOperation:
    try:
        return CompiledOperation.from_dict(data)
    except ValidationError as error:
        raise CompilationError(explain.faults(error, CompiledOperation, data)) from error


def resolve_hooks(resolved: CompiledOperation, context: RunContext) -> list[Hook]:
    """The hooks of a run that is done, with its values and those of `context.params` in their templates.

    Raises CompilationError.
    """
    hooks = resolved.hooks if isinstance(resolved.hooks, list) else []
    known = {io.name for io in _ios(resolved)}
    extra = [_context(name, value) for name, value in context.params.items() if name not in known]
    seen = variables([*_ios(resolved), *extra], context)
    return [_hook(hook, seen) for hook in hooks]


def _hook(hook: Hook, seen: Mapping[str, Any]) -> Hook:
    data = render(hook.to_dict(), seen)
    if data.get("conditions") is not None:
        data["conditions"] = str(data["conditions"])
    try:
        return Hook.model_validate(data)
    except ValidationError as error:
        raise CompilationError(explain.faults(error, Hook, data)) from error
