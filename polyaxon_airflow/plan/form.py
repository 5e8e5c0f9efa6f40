"""The trigger form: inputs as Airflow params, each with the JSON schema of its type (spec section 2.3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.sections.io import IO

TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "metric": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "dict": {"type": "object"},
    "metadata": {"type": "object"},
    "artifacts": {"type": "object"},
    "git": {"type": "object"},
    "dockerfile": {"type": "object"},
    "file": {"type": "object"},
    "tensorboard": {"type": "object"},
    "event": {"type": "object"},
    "list": {"type": "array"},
    "tuple": {"type": "array"},
    "set": {"type": "array"},
    "str": {"type": "string"},
    "path": {"type": "string"},
    "image": {"type": "string"},
    "uri": {"type": "string"},
    "uuid": {"type": "string"},
    "email": {"type": "string", "format": "email"},
    "s3": {"type": "string"},
    "gcs": {"type": "string"},
    "wasb": {"type": "string"},
    "timedelta": {"type": ["string", "number"]},
}
RULES = {  # V1Validation -> JSON schema, of a value
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
}
LIST_RULES = {"min_items": "minItems", "max_items": "maxItems"}


def form_of(compiled: CompiledOperation) -> dict[str, dict[str, Any]]:
    """Name -> `{"default"?, "description"?, "schema"}` of every input that a person may give.

    Left out are inputs that a matrix, a join or a reference to another run gives.
    """
    given = {*(compiled.params or ()), *_matrix_names(compiled), *_join_names(compiled)}
    return {io.name: _field(io) for io in compiled.inputs or () if io.name not in given}


def _field(io: IO) -> dict[str, Any]:
    field: dict[str, Any] = {"schema": schema_of(io)}
    if io.description:
        field["description"] = io.description
    if io.value is not None or io.is_optional:
        field["default"] = _plain(io.value)
    return field


def _plain(value: Any) -> Any:
    """A value as JSON has it: YAML reads 2026-01-31 as a date."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def schema_of(io: IO) -> dict[str, Any]:
    """The JSON schema of an input's value. A value that is a template is text, whatever its type."""
    if is_template(io.value):
        return {"type": ["string", "null"] if io.is_optional else "string"}
    schema = dict(TYPES.get(io.type or "", {}))
    rules = io.validation
    for name, keyword in RULES.items():
        if (
            rules is not None
            and getattr(rules, name, None) is not None
            and schema.get("type") not in ("array", "object")
        ):
            schema[keyword] = getattr(rules, name)
    if rules is not None and rules.regex:
        schema["pattern"] = f"^(?:{rules.regex})"  # Polyaxon anchors a regex at the start only
    if rules is not None and rules.options:
        schema["enum"] = _plain(list(rules.options))
    if io.is_list:
        schema = {"type": "array", "items": schema} if schema else {"type": "array"}
        for name, keyword in LIST_RULES.items():
            if rules is not None and getattr(rules, name, None) is not None:
                schema[keyword] = getattr(rules, name)
    return _or_null(schema) if io.is_optional and io.value is None else schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return schema
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = {**schema, "type": ["null", *types]}
    if "enum" in schema:
        allowed["enum"] = [None, *schema["enum"]]
    return allowed


def _matrix_names(compiled: CompiledOperation) -> set[str]:
    params = getattr(compiled.matrix, "params", None) if compiled.matrix is not None else None
    values = getattr(compiled.matrix, "values", None) if compiled.matrix is not None else None
    resource = getattr(getattr(compiled.matrix, "resource", None), "name", None)
    named = set(params) if isinstance(params, dict) else set()
    listed = (
        {name for row in values or () if isinstance(row, dict) for name in row}
        if not is_template(values)
        else set()
    )
    return named | listed | ({resource} if resource else set())


def _join_names(compiled: CompiledOperation) -> set[str]:
    joins = compiled.joins if isinstance(compiled.joins, list) else []
    return {name for join in joins for name in (join.params if isinstance(join.params, dict) else ())}
