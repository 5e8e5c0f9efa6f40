"""Types of fields that all sections share: strict text, and values that may be written as a template.

A template is any text that holds `{{ ... }}` somewhere (spec section 1.4), as in `concurrency: "{{ workers }}"`; it
becomes a value when the operation runs, and the section is validated again then.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema, to_json

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler
    from pydantic.json_schema import JsonSchemaValue


def is_template(value: object) -> bool:
    """Whether a value is text with a placeholder.

    >>> is_template("{{ lr }}"), is_template("0.1")
    (True, False)
    """
    if not isinstance(value, str):
        return False
    start = value.find("{{")
    return start >= 0 and value.rfind("}}") > start + 2


class OrTemplate:
    """Marks a field that a template may stand for: `Annotated[Cache | str, OR_TEMPLATE]`.

    A union would report one fault a branch; this reports what is wrong with the literal.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        literals = [choice for choice in get_args(source) if choice is not str]
        inner = handler.generate_schema(reduce(or_, literals))
        # Written out by what the value is, since the schema of the literal knows nothing of templates.
        as_it_is = core_schema.simple_ser_schema("any")
        return core_schema.no_info_wrap_validator_function(_template_or, inner, serialization=as_it_is)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"\{\{.+\}\}"}]}


def _template_or(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return value if is_template(value) else handler(value)


def _must_be_template(value: str) -> str:
    if not is_template(value):
        raise PydanticCustomError(
            "template", "'{value}' is not a template such as '{{ name }}'", {"value": value}
        )
    return value


def _to_text(value: Any) -> Any:
    if isinstance(value, (bool, int, float, dict, list)):
        return to_json(value).decode()
    return value.isoformat() if isinstance(value, date) else value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


OR_TEMPLATE = OrTemplate()

Text: TypeAlias = StrictStr
Texts: TypeAlias = list[StrictStr]
# `[a, b]` or "a, b"
TextList: TypeAlias = Annotated[
    list[StrictStr],
    BeforeValidator(_split),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}),
]
# Labels, annotations, node selectors: Kubernetes wants text there, YAML gives `true` and `1`.
AnyText: TypeAlias = Annotated[StrictStr, BeforeValidator(_to_text), WithJsonSchema({})]
Name: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[-a-zA-Z0-9_]+$")]
PositiveInt: TypeAlias = Annotated[int, Field(gt=0)]

Template: TypeAlias = Annotated[StrictStr, AfterValidator(_must_be_template)]
BoolOrTemplate: TypeAlias = Annotated[bool | str, OR_TEMPLATE]
IntOrTemplate: TypeAlias = Annotated[StrictInt | str, OR_TEMPLATE]
PositiveIntOrTemplate: TypeAlias = Annotated[PositiveInt | str, OR_TEMPLATE]
FloatOrTemplate: TypeAlias = Annotated[float | str, OR_TEMPLATE]
TextsOrTemplate: TypeAlias = Annotated[list[StrictStr] | str, OR_TEMPLATE]
DatetimeOrTemplate: TypeAlias = Annotated[datetime | str, OR_TEMPLATE]
