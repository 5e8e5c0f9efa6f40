"""Templates in the values of an operation, and what their text becomes (spec section 3.5)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler.sandbox import render_text

if TYPE_CHECKING:
    from collections.abc import Mapping

# A rendered text that holds a template is rendered again, as in Polyaxon; a text that makes itself is stopped here.
MAX_PASSES = 5

_AS_ARGS = re.compile(r"\s*\{\{\s*params\.as_args\s*\}\}\s*")
_LITERALS = (bool, int, float, str, list, dict, type(None))


def render(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with all templates in it rendered, and text that reads as a literal turned into one: "1" into 1.

    Raises CompilationError if a template cannot be rendered.

    >>> render({"env": ["{{ n }}", "n={{ n }}"]}, {"n": 8})
    {'env': [8, 'n=8']}
    """
    if isinstance(value, str):
        return literal(_to_the_end(value, variables))
    if isinstance(value, dict):
        return {render_key(key, variables): render(below, variables) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, variables) for item in value]
    return value


def render_as_text(value: Any, variables: Mapping[str, Any]) -> Any:
    """As `render`, but text stays text: "0010" is no number in a container's arguments."""
    if isinstance(value, str):
        return render_text(value, variables)
    if isinstance(value, dict):
        return {render_key(key, variables): render_as_text(below, variables) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [render_as_text(item, variables) for item in value]
    return value


def render_arguments(arguments: Any, variables: Mapping[str, Any]) -> Any:
    """A container's command or args: text, without the items that are nothing but a param without a value.

    `"{{ params.as_args }}"` instead of a list, or as an item of it, stands for one item a param.
    """
    if not isinstance(arguments, list):
        return render(arguments, variables)
    rendered: list[Any] = []
    for item in arguments:
        if isinstance(item, str):
            rendered += _argument(item, variables)
        else:
            rendered.append(render(item, variables))
    return rendered


def _argument(item: str, variables: Mapping[str, Any]) -> list[Any]:
    if _AS_ARGS.fullmatch(item):
        return list(variables["params"]["as_args"])
    text = render_text(item, variables)
    return [] if text == "None" and text != item else [text]


def render_key(key: Any, variables: Mapping[str, Any]) -> Any:
    """A key of a mapping; it stays text."""
    return render_text(key, variables) if isinstance(key, str) else key


def literal(text: Any) -> Any:
    """What a text means as a Python literal, if it is one of a plain value; the text itself otherwise.

    >>> literal("[1, 2]"), literal("01"), literal("...")
    ([1, 2], '01', '...')
    """
    if not isinstance(text, str) or len(text) > 100_000:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    if isinstance(value, tuple):
        value = list(value)
    return value if _is_plain(value) else text


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(below) for key, below in value.items())
    return isinstance(value, _LITERALS)


def _to_the_end(text: str, variables: Mapping[str, Any]) -> str:
    for _ in range(MAX_PASSES):
        rendered = render_text(text, variables)
        if rendered == text:
            break
        text = rendered
    return text
