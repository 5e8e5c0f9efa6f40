"""From the text of a query or a sort to comparisons that are known to make sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from polyaxon_airflow.errors import QueryError
from polyaxon_airflow.store.query import grammar
from polyaxon_airflow.store.query.fields import Field, find_field, find_sort_field
from polyaxon_airflow.store.query.operations import Operation, read_operation

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Comparison:
    """One field, and what is asked of it."""

    field: Field
    operation: Operation


@dataclass(frozen=True)
class All:
    """True where all parts are."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Either:
    """True where a part is."""

    parts: tuple[Query, ...]


Query: TypeAlias = "Comparison | All | Either"


@dataclass(frozen=True)
class Order:
    """One field to sort by."""

    field: Field
    descending: bool


def parse_query(query: str, at: datetime) -> Query:
    """A query, read at a moment: `today` and the like count from it, dates without offset are in its time zone.

    Raises QueryError with the place of the first fault.
    """
    return _checked(grammar.read(query), query, at)


def parse_sort(sort: str) -> tuple[Order, ...]:
    """`-metrics.loss,name`: fields to sort by, - for descending. Raises QueryError with the place of a fault."""
    words = [word for word in re.finditer(r"[^,]+", sort) if word[0].strip()]
    if not words:
        raise QueryError("expected a field to sort by", sort, 0, "Write, for example, -created_at,name.")
    return tuple(_order(word, sort) for word in words)


def _checked(tree: grammar.Tree, query: str, at: datetime) -> Query:
    if isinstance(tree, grammar.Expression):
        field = find_field(tree.field, query, tree.field_at)
        return Comparison(field, read_operation(tree, field, query, at))
    parts = tuple(_checked(part, query, at) for part in tree.parts)
    return All(parts) if isinstance(tree, grammar.All) else Either(parts)


def _order(word: re.Match[str], sort: str) -> Order:
    text = word[0].strip()
    position = word.start() + len(word[0]) - len(word[0].lstrip())
    name = text.removeprefix("-").strip()
    return Order(find_sort_field(name, sort, position), descending=text.startswith("-"))
