"""Templates: text that is none, and names that nothing declares. Polyaxon renders those as empty text."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler.sandbox import check_template, names_in
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.polyaxonfile.matching import all_params, matrix_names
from polyaxon_airflow.polyaxonfile.sources import Finding, layers
from polyaxon_airflow.runtimes import Runtime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation

Path = tuple[str | int, ...]

OF_PARAMS = ("as_arg", "as_str", "connection", "type", "value")
_MEMBER = re.compile(r"\bparams\.(\w+)\.(\w+)")
_HALF = re.compile(r"(?<!\{)\{\s*(\w+)\s*\}\}(?!\})")

GLOBALS = frozenset(
    [
        "owner_name",
        "project_name",
        "project_unique_name",
        "project_uuid",
        "run_info",
        "name",
        "uuid",
        "namespace",
        "iteration",
        "context_path",
        "artifacts_path",
        "run_artifacts_path",
        "run_outputs_path",
        "run_relative_outputs_path",
        "store_path",
        "created_at",
        "compiled_at",
        "schedule_at",
        "started_at",
        "finished_at",
        "duration",
        "cloning_kind",
        "original_uuid",
        "is_independent",
        "username",
        "user_email",
        "ports",
        "base_url",
        "base_urls",
        "status",
        "condition",
        "event",
        "events",
    ]
)
NAMESPACES = ("globals", "params", "connections", "init")

# Rendered with more than the operation declares, or not rendered at all.
_ELSEWHERE = (
    "component",
    "hooks",
    "build",
    "events",
    "joins",
    "template",
    "description",
    "inputs",
    "outputs",
    "name",
)


def check_templates(authored: Operation, composed: Operation) -> Iterator[Finding]:
    """What is wrong with the templates of an operation and its component."""
    names = _names(composed)
    for layer in layers(authored):
        data = {key: value for key, value in layer.to_dict().items() if key not in _ELSEWHERE}
        data["joins"] = _searches(layer)
        for path, text in _texts(data, ()):
            fault = _fault(text, names, path)
            if fault is not None:
                yield Finding(layer, fault)


def _searches(layer: Operation) -> list[dict[str, Any]]:
    """The joins of an operation without what they collect."""
    joins = layer.joins if isinstance(layer.joins, list) else []
    return [{key: value for key, value in join.to_dict().items() if key != "params"} for join in joins]


def used_names(composed: Operation) -> set[str]:
    """The variables that the templates of an operation's run read."""
    run = composed.run.to_dict() if isinstance(composed.run, Runtime) else {}
    found: set[str] = set()
    for _, text in _texts({"run": run}, ()):
        with suppress(CompilationError):  # a fault of its own
            found |= {name for name, *_ in names_in(text)} | {
                members[0] for _, *members in names_in(text) if members
            }
    return found


def _names(composed: Operation) -> set[str]:
    declared = {io.name for io in (*(composed.inputs or []), *(composed.outputs or []))}
    return set(
        map(str, {*declared, *all_params(composed), *matrix_names(composed)})
    )  # YAML has keys that are no text


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The texts with templates in a value; those of the operations of a dag belong to these."""
    if isinstance(value, str):
        if "}}" in value or "{{" in value or "{%" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            if path[-1:] != ("run",) or key not in ("operations", "components"):
                yield from _texts(below, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _fault(text: str, names: set[str], path: Path) -> Fault | None:
    half = _HALF.search(text)
    if half is not None and half[1] in names:
        return Fault(
            f"'{half[0]}' is no template",
            path=path,
            severity="warning",
            rule="template",
            suggestion=f"Write {{{{ {half[1]} }}}}.",
            near=half[0],
        )
    try:
        check_template(text)
        used = names_in(text)
    except CompilationError as error:
        return Fault(str(error), path=path, severity="warning", rule="template")
    for name, *members in sorted(used):
        if name not in names and name not in NAMESPACES:
            return _unknown_name(name, members, names, path)
        if name == "globals" and members and members[0] not in GLOBALS:
            return _unknown(f"'globals.{members[0]}' is unknown", members[0], GLOBALS, path)
        if name == "params" and members and members[0] not in {*names, "as_args"}:
            return _unknown(
                f"'params.{members[0]}' is no input or param", members[0], {*names, "as_args"}, path
            )
    for name, member in _MEMBER.findall(text):
        if name in names and member not in OF_PARAMS:
            return _unknown(f"'params.{name}' has no '{member}'", member, OF_PARAMS, path)
    return None


def _unknown_name(name: str, members: list[str], names: set[str], path: Path) -> Fault:
    message = f"'{name}' in a template is no input or param"
    if members and members[0] in names:
        listed = f"{message}; known: {', '.join(sorted(names))}"
        suggestion: str | None = f"Write {{{{ {members[0]} }}}}."
    elif name in ("ops", "runs", "dag"):
        listed = f"{message}: other runs are read by params"
        suggestion = f"Write {{ref: {'.'.join([name, *members])}, value: outputs.NAME}} as a param."
    else:
        return _unknown(message, name, names, path, also=NAMESPACES)
    return Fault(
        listed, path=path, suggestion=suggestion, severity="warning", rule="template-name", near=name
    )


def _unknown(
    message: str, name: str, known: Collection[str], path: Path, *, also: Collection[str] = ()
) -> Fault:
    listed = f"{message}; known: {', '.join(sorted(known)) or 'none'}"
    suggestion = suggest(name, [*known, *also])
    return Fault(
        listed, path=path, suggestion=suggestion, severity="warning", rule="template-name", near=name
    )
