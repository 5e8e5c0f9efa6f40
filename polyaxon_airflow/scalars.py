"""Scalars that may also be written as a template: `concurrency: "{{ workers }}"`.

A template is any text that holds `{{ ... }}` somewhere (spec section 1.4); it becomes a value when the
operation compiles, and the section is validated again then.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

_PLACEHOLDER = re.compile(r"\{\{\s*.+\s*\}\}")


def is_template(value: object) -> bool:
    """Whether a value is text with a placeholder.

    >>> is_template("{{ lr }}"), is_template("0.1")
    (True, False)
    """
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def _must_be_template(value: str) -> str:
    if not is_template(value):
        raise PydanticCustomError(
            "template", "'{value}' is not a template such as '{{ name }}'", {"value": value}
        )
    return value


Template: TypeAlias = Annotated[StrictStr, AfterValidator(_must_be_template)]
PositiveInt: TypeAlias = Annotated[int, Field(gt=0)]

BoolOrTemplate: TypeAlias = bool | Template
IntOrTemplate: TypeAlias = StrictInt | Template
PositiveIntOrTemplate: TypeAlias = PositiveInt | Template
FloatOrTemplate: TypeAlias = float | Template
