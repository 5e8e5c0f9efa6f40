"""Values that each are fine and do not work: a cron that never comes, a space without values, names that are close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.checking.templates import used_names
from polyaxon_airflow.compiler.inits import why_not
from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.polyaxonfile.matching import all_params, matrix_names
from polyaxon_airflow.polyaxonfile.sources import Finding, layers
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.schedules.crontab import PRESETS
from polyaxon_airflow.sections import types
from polyaxon_airflow.sections.refs import read_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.polyaxonfile.sources import Path
    from polyaxon_airflow.sections.io import IO


def check_values(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """What does not fit one another in an operation and its component."""
    yield from _names_that_are_close(authored, composed)
    yield from _trial_params(authored, composed)
    yield from _volumes(authored, composed)


def check_layers(authored: Operation) -> Iterator[Finding]:
    """What does not work in the sections of an operation, its component and what that refers to."""
    for layer in layers(authored):
        faults = [*_schedule(layer), *_inputs(layer), *_conditions(layer), *_events(layer), *_matrix(layer)]
        yield from (Finding(layer, fault) for fault in faults)


def check_refs(
    authored: Operation, composed: Operation, readable: Mapping[tuple[str, str], Collection[str]]
) -> Iterator[Finding]:
    """Params that no input declares, and that read what is called nearly as an output of another operation.

    `readable` holds what a section of a ref has: `("ops.train", "outputs")` has `outputs.loss`.
    """
    declared = {io.name for io in (*(composed.inputs or []), *(composed.outputs or []))}
    for layer in layers(authored):
        for name, param in (layer.params or {}).items():
            if name in declared or not param.ref or not isinstance(param.value, str):
                continue
            path = read_path(param.value)
            there = readable.get((param.ref, path.partition(".")[0]), ())
            close = suggest(path, there) if "." in path and path not in there else None
            if close:
                message = f"'{param.ref}' declares no '{path}'"
                yield Finding(layer, _warning(message, ("params", name, "value"), "undeclared", close))


def _warning(
    message: str, path: Path, rule: str, suggestion: str | None = None, *, of_key: bool = False
) -> Fault:
    return Fault(message, path=path, suggestion=suggestion, severity="warning", rule=rule, of_key=of_key)


def _schedule(layer: Operation) -> Iterator[Fault]:
    schedule: Any = layer.schedule
    faults = schedule.faults() if schedule is not None else {}
    for field, sentence in faults.items():
        key = str(type(schedule).model_fields[field].alias or field)
        is_preset = field == "cron" and schedule.cron.startswith("@")
        suggestion = suggest(schedule.cron, PRESETS) if is_preset else None
        yield _warning(sentence, ("schedule", key), "schedule", suggestion)


def _inputs(layer: Operation) -> Iterator[Fault]:
    for section in ("inputs", "outputs"):
        seen: set[str] = set()
        for index, io in enumerate(getattr(layer, section) or []):
            yield from _io(io, (section, index))
            if io.name in seen:
                yield _warning(f"'{io.name}' is declared twice", (section, index, "name"), "declared-twice")
            seen.add(io.name)


def _io(io: IO, path: Path) -> Iterator[Fault]:
    if io.type and not types.is_known(io.type):
        message = f"'{io.type}' is no type; known: {', '.join(types.names())}"
        yield _warning(message, (*path, "type"), "unknown-type", suggest(types.meant(io.type), types.names()))
    if io.to_init and (problem := why_not(io)):
        yield _warning(problem, (*path, "toInit"), "to-init")
    if io.validation is not None and io.validation.delay is not None and not io.delay_validation:
        suggestion = "Write delayValidation: true beside it."
        yield _warning("this rule delays nothing", (*path, "validation"), "delay-validation", suggestion)


def _conditions(layer: Operation) -> Iterator[Fault]:
    text = layer.conditions
    if text and not is_template(text) and text.strip().lower() not in ("true", "false"):
        suggestion = f'Write it in braces: "{{{{ {text} }}}}".'
        yield _warning(
            "a condition without braces is never evaluated", ("conditions",), "conditions", suggestion
        )


def _events(layer: Operation) -> Iterator[Fault]:
    for index, event in enumerate(layer.events if isinstance(layer.events, list) else ()):
        if is_template(event.ref):
            plain = event.ref.replace("{", "").replace("}", "").strip()
            message = f"'{event.ref}' makes no edge"
            yield _warning(message, ("events", index, "ref"), "events", f"Write it without braces: {plain}.")


# What an algorithm cannot do without, although Polyaxon reads files that do not have it (spec section 2.25).
_NEEDED = {
    "hyperband": ("params", "maxIterations", "eta", "resource", "metric"),
    "iterative": ("params",),
    "random": ("params",),
    "tpe": ("params", "numRuns"),
}


def _matrix(layer: Operation) -> Iterator[Fault]:
    matrix: Any = layer.matrix
    given = matrix.to_dict() if matrix is not None else {}
    missing = [key for key in _NEEDED.get(given.get("kind", ""), ()) if given.get(key) in (None, {})]
    if missing:
        message = f"'{matrix.kind}' cannot search without {', '.join(missing)}"
        yield _warning(message, ("matrix",), "matrix", f"Add '{missing[0]}:'.")
    spaces = getattr(matrix, "params", None)
    for name, space in spaces.items() if isinstance(spaces, dict) else ():
        if (problem := space.problem()) is not None:
            yield _warning(f"'{name}' {problem}", ("matrix", "params", name), "space")
        if (doubt := space.doubt()) is not None:
            yield _warning(f"'{name}': {doubt}", ("matrix", "params", name), "space")


def _trial_params(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """Params of a matrix that no input declares, although one is called nearly so."""
    declared = sorted(io.name for io in composed.inputs or [])
    layer = next((layer for layer in layers(authored) if layer.matrix is not None), authored)
    resource = getattr(composed.matrix, "resource", None)
    if resource is not None and declared and resource.name not in {*declared, *used_names(composed)}:
        message = f"no input is called '{resource.name}', which is what a trial may use"
        yield Finding(
            layer,
            _warning(message, ("matrix", "resource", "name"), "resource", suggest(resource.name, declared)),
        )
    unused = sorted(matrix_names(composed) - set(declared) - used_names(composed))
    for name in unused:
        taken = matrix_names(composed) | set(composed.params or {})
        close = _close(name, declared, taken) or _only_one(unused, _lacking(composed))
        if close:
            message = f"no input is called '{name}', so that only templates see it"
            path: Path = ("matrix", "params", name)
            yield Finding(layer, _warning(message, path, "undeclared", close, of_key=True))


def _names_that_are_close(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """Params that no input declares, although one without a param is called nearly so."""
    declared = sorted(io.name for io in (*(composed.inputs or []), *(composed.outputs or [])))
    unused = sorted(set(composed.params or {}) - set(declared) - used_names(composed))
    for layer in layers(authored):
        for name, param in (layer.params or {}).items():
            if name in declared or param.context_only:
                continue
            close = _close(name, declared, composed.params or {})
            close = close or (_only_one(unused, _lacking(composed)) if name in unused else None)
            if close:
                message = f"no input is called '{name}', so that only templates see it"
                yield Finding(layer, _warning(message, ("params", name), "undeclared", close, of_key=True))


def _lacking(composed: Operation) -> list[str]:
    """The inputs that have no value."""
    given = {*all_params(composed), *matrix_names(composed)}
    return [io.name for io in composed.inputs or [] if not io.is_optional and io.name not in given]


def _only_one(unused: list[str], lacking: list[str]) -> str | None:
    """The only input without a value, where there is one param too many."""
    return f"Did you mean '{lacking[0]}'?" if len(unused) == len(lacking) == 1 else None


def _volumes(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """Mounts of volumes that the run does not have, although one is called nearly so."""
    volumes = getattr(composed.run, "volumes", None)
    known = [volume.name for volume in volumes if volume.name] if isinstance(volumes, list) else []
    for layer in layers(authored):
        container = getattr(layer.run, "container", None)
        mounts = getattr(container, "volume_mounts", None)
        for index, mount in enumerate(mounts if isinstance(mounts, list) else ()):
            name = mount.get("name") if isinstance(mount, dict) else None
            close = suggest(name, known) if isinstance(name, str) and name not in known else None
            if close:
                path: Path = ("run", "container", "volumeMounts", index, "name")
                yield Finding(layer, _warning(f"the run has no volume '{name}'", path, "volume", close))


def _close(name: str, declared: Iterable[str], taken: Iterable[str]) -> str | None:
    free = [other for other in declared if other not in set(taken)]
    return suggest(name, free)
