"""The JSON Schema of polyaxonfiles, made from the models; editors check and complete with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from polyaxon_airflow.early_stopping import EARLY_STOPPING, POLICY
from polyaxon_airflow.kinds import KINDS_OF, Kinds
from polyaxon_airflow.matrix import MATRIX
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.runtimes import RUNTIME
from polyaxon_airflow.schedules import SCHEDULE
from polyaxon_airflow.space import SPACE

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

    from polyaxon_airflow.section import Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_REGISTRIES: dict[str, Kinds[Any]] = {
    kinds.section: kinds for kinds in (RUNTIME, MATRIX, SPACE, EARLY_STOPPING, POLICY, SCHEDULE)
}


def json_schema() -> dict[str, Any]:
    """The schema of one document. What a schema cannot say, such as params against inputs, `check` does."""
    definitions: dict[str, Any] = {}
    schema = _collected(Operation, definitions)
    for section, kinds in _REGISTRIES.items():
        definitions |= {
            f"{section}-{name}": _collected(kinds.load(name), definitions) for name in kinds.names()
        }
    document = {**schema, "$defs": dict(sorted(definitions.items()))}
    return {"$schema": DIALECT, "title": "Polyaxonfile", **_finished(document)}


class _Generator(GenerateJsonSchema):
    """Schemas of what YAML holds, where pydantic's are of JSON alone."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number"}, super().timedelta_schema(schema), {"type": "string"}]}

    def datetime_schema(self, _: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number"}, {"type": "string"}]}

    def bool_schema(self, _: core_schema.BoolSchema) -> JsonSchemaValue:
        words = {
            "type": "string",
            "pattern": "^(t|f|y|n|T|F|Y|N|[Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|0|1)$",
        }
        return {"anyOf": [{"type": "boolean"}, words, {"enum": [0, 1]}]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        numbers = super().float_schema(schema)
        return (
            numbers
            if schema.get("strict")
            else {"anyOf": [numbers, {"type": "string", "pattern": "^[-+.0-9eE]+$"}]}
        )


def _collected(model: type[Section], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a model, without its definitions, which go to those of the document."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    definitions |= schema.pop("$defs", {})
    return schema


def _finished(value: Any) -> Any:
    if isinstance(value, list):
        return [_finished(item) for item in value]
    if not isinstance(value, dict):
        return value
    if KINDS_OF in value:
        return _any_kind(_REGISTRIES[value[KINDS_OF]])
    finished = {key: _finished(below) for key, below in value.items()}
    if finished.get("additionalProperties") is False:
        # Sections have their keys in snake_case too, as in Polyaxon; editors offer camelCase.
        finished["patternProperties"] = {"^[a-z]+(_[a-z]+)+$": {}}
    return finished


def _any_kind(kinds: Kinds[Any]) -> dict[str, Any]:
    """One schema a kind, chosen by `kind`, so that an editor shows the faults of that kind only."""
    names = kinds.names()
    return {
        "type": "object",
        "properties": {"kind": {"enum": names}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{kinds.section}-{name}"},
            }
            for name in names
        ],
    }
