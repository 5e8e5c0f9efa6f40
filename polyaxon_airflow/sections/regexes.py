"""The `regex` rule of inputs: Python's expressions, matched in time that grows with the text only."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

# A repetition of what repeats, `(a+)+`, which Python's engine may try in exponentially many ways.
_NESTED = re.compile(r"[+*}]\)*\)[+*{]")


def matches(expression: str, text: Any) -> bool:
    """Whether the text starts with a match. Raises ValueError for what is no expression, TypeError for no text."""
    if not isinstance(text, str):
        raise TypeError("a regex is for text")
    return _matcher(expression)(text)


@lru_cache(maxsize=256)
def _matcher(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    try:
        schema = core_schema.str_schema(pattern=f"^(?:{expression})")
        linear = SchemaValidator(schema)
    except SchemaError:
        # Lookarounds and back references, which an engine of linear time does not have.
        if _NESTED.search(expression):
            raise ValueError(
                "it repeats what repeats, beside a lookaround; write it without one of them"
            ) from None
        return lambda text: compiled.match(text) is not None
    return lambda text: _is_valid(linear, text)


def _is_valid(validator: SchemaValidator, text: str) -> bool:
    try:
        validator.validate_python(text)
    except ValidationError:
        return False
    return True
