"""Jinja for text of unknown origin: no way out of the values it is given, no end to neither time nor memory."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.sandbox import SandboxedEnvironment


def render_text(text: str, variables: Mapping[str, Any]) -> str:
    """The text with its templates rendered. An unknown name is empty text, something of it is an error.

    Raises CompilationError, which names the template.
    """
    if "{{" not in text and "{%" not in text:
        return text
    from jinja2 import TemplateError

    try:
        return environment().from_string(text).render(dict(variables))
    except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise CompilationError(f"the template '{_short(text)}' cannot be rendered: {error}") from error


@cache
def environment() -> SandboxedEnvironment:
    """The environment that all templates share; it has no state."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    shared = ImmutableSandboxedEnvironment()
    shared.filters["map_format"] = map_format
    return shared


def map_format(value: Any, pattern: str, variable: str | None = None) -> str:
    """Polyaxon's filter: the pattern with the value put in for its `%s`, or for `%(variable)s`."""
    return str(pattern) % ({variable: value} if variable else value)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
