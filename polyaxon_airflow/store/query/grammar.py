"""How a query falls into expressions: commas and AND bind tighter than OR, parentheses group.

    query       = or
    or          = and (("OR" | "|") and)*           "|" only between spaces and before a whole expression
    and         = primary (("," | "AND") primary)*
    primary     = "(" or ")" | field ":" operation

Wider than Polyaxon's grammar in two things: a name may hold a hyphen, as sanitised metric names do, and an
operation may hold a text in double quotes, with commas and parentheses in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from polyaxon_airflow.errors import QueryError

_FIELD = r"[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_][a-zA-Z0-9_-]*)?"
_QUOTED = r'(?<=[\s:~|<>=.])"(?:[^"\\]|\\.)*"'
_OPERATION = rf"(?:{_QUOTED}|(?!{_QUOTED})[^,()])+?"
_END = rf"\s*(?:[,)]|$)|\s+(?:AND|OR)(?:\s|$)|\s+\|\s+(?:\(|{_FIELD}\s*:)"

_SPACE = re.compile(r"\s*")
_EXPRESSION = re.compile(rf"(?P<field>{_FIELD})\s*:\s*(?P<operation>{_OPERATION})(?={_END})", re.IGNORECASE)
_OR = re.compile(rf"\s*(?:OR(?=[\s(])|\|(?=\s*(?:\(|{_FIELD}\s*:)))\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:AND(?=[\s(])|,)\s*", re.IGNORECASE)

_DEEPEST = 50  # parentheses in one another
_MOST = 500  # expressions; SQLite takes no conditions much longer than that
_LONGEST = 20_000  # characters


@dataclass(frozen=True)
class Expression:
    """`field:operation`, with the places of both in the query, from 0."""

    field: str
    operation: str
    field_at: int
    operation_at: int


@dataclass(frozen=True)
class All:
    """Expressions joined by commas or AND."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Either:
    """Expressions joined by OR."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = "Expression | All | Either"


def read(query: str) -> Tree:
    """The tree of a query. Raises QueryError where it is not one."""
    reader = _Reader(query)
    if len(query) > _LONGEST:
        raise reader.fault(f"a query has at most {_LONGEST} characters, this one has {len(query)}")
    tree = reader.either(0)
    reader.skip(_SPACE)
    if reader.at < len(query):
        unopened = query[reader.at] == ")"
        raise reader.fault("this ) was not opened" if unopened else "expected a comma, AND, OR or the end")
    return tree


class _Reader:
    """Walks through a query; `at` is where it stands."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0
        self.expressions = 0

    def either(self, depth: int) -> Tree:
        parts = [self.all(depth)]
        while self.skip(_OR):
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self, depth: int) -> Tree:
        parts = [self.primary(depth)]
        while self.skip(_AND):
            parts.append(self.primary(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def primary(self, depth: int) -> Tree:
        self.skip(_SPACE)
        if self.query[self.at : self.at + 1] == "(":
            return self.group(depth + 1)
        found = _EXPRESSION.match(self.query, self.at)
        if found is None or not found["operation"].strip():
            raise self.fault(
                "expected field:value", "Write, for example, status:succeeded or metrics.loss:<0.1."
            )
        self.expressions += 1
        if self.expressions > _MOST:
            raise self.fault(f"a query has at most {_MOST} expressions")
        self.at = found.end()
        return Expression(
            found["field"], found["operation"].strip(), found.start("field"), found.start("operation")
        )

    def group(self, depth: int) -> Tree:
        opened = self.at
        if depth > _DEEPEST:
            raise self.fault(f"parentheses nest at most {_DEEPEST} deep")
        self.at += 1
        tree = self.either(depth)
        self.skip(_SPACE)
        if self.query[self.at : self.at + 1] != ")":
            self.at = opened
            raise self.fault("this ( is not closed")
        self.at += 1
        return tree

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go on behind the pattern if it is here."""
        found = pattern.match(self.query, self.at)
        if found is None:
            return False
        self.at = found.end()
        return True

    def fault(self, message: str, suggestion: str | None = None) -> QueryError:
        return QueryError(message, self.query, self.at, suggestion)
