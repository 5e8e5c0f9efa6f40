"""From a query to conditions on `plx_run`. Values are bound parameters; no SQL is made from text.

A negation is the complement: runs without the field are in `~x`. Only a negated comparison is the opposite
comparison instead, as in Polyaxon, and leaves them out.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, false, func, literal, not_, or_, select, true

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.query.dates import Span
from polyaxon_airflow.store.query.operations import COMPARISONS, Operation, Text
from polyaxon_airflow.store.query.parse import All, Comparison
from polyaxon_airflow.store.values import key_of, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Column, ColumnElement, Select

    from polyaxon_airflow.store.query.fields import Field
    from polyaxon_airflow.store.query.operations import Operand, Operator
    from polyaxon_airflow.store.query.parse import Order, Query

    Condition = ColumnElement[bool]

_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE: Final[dict[str, Operator]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_CODE: Final = "coderef"  # the kind of artifact that is a commit
_FEW: Final = frozenset(
    {"uuid", "pipeline", "controller", "original"}
)  # columns that few runs share a value of


def condition(query: Query, user: str | None = None) -> Condition:
    """The runs that a query means. `user` is who asks, for `mine`."""
    return _condition(query, _Asked(user, _is_narrow(query)))


def ordered(selected: Select[Any], orders: Sequence[Order], query: Query | None = None) -> Select[Any]:
    """The runs sorted: those without a value last, and equal ones in the order they began.

    `query` is what they were selected by. Where it leaves only runs with a value, and only some of the values, the
    sort says so too: an index then gives the first runs without looking at all others.
    """
    for order in orders:
        if order.field.source == "column":
            keys = [schema.run.c[order.field.name]]
            complete = not keys[0].nullable
        else:
            bounds = [] if query is None else _bounds(order.field, query)
            selected, keys = _with_value(selected, order.field, bounds)
            complete = bool(bounds)
        for key in keys:
            directed = key.desc() if order.descending else key.asc()
            selected = selected.order_by(directed if complete else directed.nulls_last())
    return selected.order_by(schema.run.c.id)


@dataclass(frozen=True)
class _Asked:
    """Who asks, and whether the query is about few runs, such as those of one sweep."""

    user: str | None
    narrow: bool

    def some(self, run: ColumnElement[Any], rows: Select[Any]) -> Condition:
        """The runs that have one of these rows; `rows` selects the column that names the run.

        Of few runs each is looked up. Else the rows are read once and the runs found in them, also under OR.
        """
        if self.narrow:
            (owner,) = rows.selected_columns
            return rows.where(owner == run).exists()
        return run.in_(rows)


def _is_narrow(query: Query) -> bool:
    if isinstance(query, Comparison):
        asked = query.operation
        return (
            query.field.source == "column"
            and query.field.name in _FEW
            and asked.operator == "="
            and not asked.negated
        )
    return isinstance(query, All) and any(_is_narrow(part) for part in query.parts)


def _condition(query: Query, asked: _Asked) -> Condition:
    if isinstance(query, Comparison):
        return _comparison(query.field, query.operation, asked)
    parts = [_condition(part, asked) for part in query.parts]
    return and_(*parts) if isinstance(query, All) else or_(*parts)


def _comparison(field: Field, operation: Operation, asked: _Asked) -> Condition:
    if operation.operator == "any":
        return true()
    if operation.operator in COMPARISONS and operation.negated:
        return _SOURCES[field.source](field, _opposite(operation), asked)
    found = _SOURCES[field.source](field, operation, asked)
    return not_(found) if operation.negated else found


def _opposite(operation: Operation) -> Operation:
    """Of a negated comparison: not under 3 is 3 or more."""
    return replace(operation, operator=_OPPOSITE[operation.operator], negated=False)


def _column(field: Field, operation: Operation, _asked: _Asked) -> Condition:
    column = schema.run.c[field.name]
    if operation.operator == "nil":
        return column.is_(None)
    matches = _matches(column, operation)
    # NULL is neither equal nor unequal; with this, the negation holds of it.
    return and_(column.is_not(None), matches) if column.nullable else matches


def _mapping(field: Field, operation: Operation, asked: _Asked) -> Condition:
    table, run = schema.value, schema.run.c.id
    rows = select(table.c.run_id).where(table.c.key == key_of(field.name, field.key or ""))
    if operation.operator != "nil":
        return asked.some(run, rows.where(_value_matches(field, operation)))
    # A metric that is NaN, or a text, has no number to speak of.
    return not_(asked.some(run, rows.where(table.c.number.is_not(None)) if field.kind == "scalar" else rows))


def _labels(field: Field, operation: Operation, asked: _Asked) -> Condition:
    table = schema.label
    rows = select(table.c.run_id).where(table.c.section == field.name)
    words = (Text(shortened(word.text)) for word in operation.operands if isinstance(word, Text))
    return _one_of(schema.run.c.id, rows, table.c.name, replace(operation, operands=tuple(words)), asked)


def _artifact(field: Field, operation: Operation, asked: _Asked) -> Condition:
    table = schema.artifact
    rows = select(table.c.run_id)
    column = table.c.kind if field.name in {"in_kind", "out_kind"} else table.c.name
    if field.name == "commit":
        rows = rows.where(table.c.kind == _CODE)
    elif field.name != "name":
        rows = rows.where(table.c.is_input.is_(field.name == "in_kind"))
    return _one_of(schema.run.c.id, rows, column, operation, asked)


def _edge(field: Field, operation: Operation, asked: _Asked) -> Condition:
    ends = schema.edge.c
    own, other = (
        (ends.downstream, ends.upstream) if field.name == "upstream" else (ends.upstream, ends.downstream)
    )
    return _one_of(schema.run.c.uuid, select(own), other, operation, asked)


def _fixed(field: Field, operation: Operation, _asked: _Asked) -> Condition:
    if operation.operator == "nil":
        return true() if field.name == "" else false()
    return _matches(literal(field.name, schema.Name), operation) if field.name else false()


def _managed(_field: Field, operation: Operation, _asked: _Asked) -> Condition:
    """A run is managed unless a user tracks it from outside."""
    if operation.operator == "nil":
        return false()
    tracked = func.coalesce(schema.run.c.managed_by, "") == "user"
    return not_(tracked) if operation.operands[0] else tracked


def _mine(_field: Field, operation: Operation, asked: _Asked) -> Condition:
    if operation.operator == "nil":
        return false()
    own = false() if asked.user is None else func.coalesce(schema.run.c.user, "") == asked.user
    return own if operation.operands[0] else not_(own)


_SOURCES: Final[dict[str, Callable[[Field, Operation, _Asked], Condition]]] = {
    "column": _column,
    "mapping": _mapping,
    "labels": _labels,
    "artifact": _artifact,
    "edge": _edge,
    "fixed": _fixed,
    "managed": _managed,
    "mine": _mine,
}


def _one_of(
    run: ColumnElement[Any],
    rows: Select[Any],
    column: ColumnElement[Any],
    operation: Operation,
    asked: _Asked,
) -> Condition:
    """The runs for which one of several rows matches."""
    if operation.operator == "nil":
        return not_(asked.some(run, rows))
    return asked.some(run, rows.where(_matches(column, operation)))


def _matches(column: ColumnElement[Any], operation: Operation) -> Condition:
    """Whether a column that is not NULL matches."""
    if isinstance(operation.operands[0], Span):
        return _within(column, operation)
    plain = [_plain(operand) for operand in operation.operands]
    if any(isinstance(value, float) and math.isnan(value) for value in plain):  # which nothing equals
        return false()
    if operation.operator in {"=", "in"}:
        return column.in_(plain)
    if operation.operator in COMPARISONS:
        return _COMPARE[operation.operator](column, plain[0])  # type: ignore[no-any-return]
    return _like(column, operation.operator, plain[0])


def _within(column: ColumnElement[Any], operation: Operation) -> Condition:
    spans = [operand for operand in operation.operands if isinstance(operand, Span)]
    first, last = spans[0], spans[-1]
    if operation.operator in COMPARISONS:
        return _COMPARE[operation.operator](column, first.start)  # type: ignore[no-any-return]
    since = column >= first.start
    return since if last.end is None else and_(since, column < last.end)


def _like(column: ColumnElement[Any], pattern: str, text: str) -> Condition:
    """Letters of ASCII match whatever their case, on both backends."""
    lower = func.lower(column)
    if pattern == "starts":
        return lower.startswith(_lower(text), autoescape=True)
    if pattern == "ends":
        return lower.endswith(_lower(text), autoescape=True)
    return lower.contains(_lower(text), autoescape=True)


def _lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in schema.storable(text))


def _value_matches(field: Field, operation: Operation) -> Condition:
    """Whether a key of a mapping matches: by number where both are numbers, else by text."""
    table = schema.value
    if field.kind == "scalar":
        return _matches(table.c.number, operation)
    if field.kind == "flag":
        asked = bool(operation.operands[0])
        return or_(table.c.text == ("true" if asked else "false"), table.c.number == float(asked))
    words = [operand for operand in operation.operands if isinstance(operand, Text)]
    if operation.operator in COMPARISONS:
        return _value_compares(_COMPARE[operation.operator], words[0])
    return or_(*(_value_equals(word) for word in words))


def _value_equals(word: Text) -> Condition:
    table = schema.value
    as_text = table.c.text.in_(_spellings(word))
    if word.number is None or math.isnan(word.number):
        return as_text
    return or_(table.c.number == word.number, as_text)


def _spellings(word: Text) -> list[str]:
    """The texts that a word may mean; true and false are written as Python does too."""
    if not word.quoted and word.text in {"True", "False"}:
        return [word.text, word.text.lower()]
    return [shortened(word.text)]


def _value_compares(compare: Callable[[Any, Any], Any], word: Text) -> Condition:
    table = schema.value
    if word.number is not None:
        return compare(table.c.number, word.number)  # type: ignore[no-any-return]
    return compare(table.c.text, shortened(word.text))  # type: ignore[no-any-return]


def _plain(operand: Operand) -> Any:
    return operand.text if isinstance(operand, Text) else operand


def _bounds(field: Field, query: Query) -> list[Operation]:
    """What a query asks of a numeric field of all its runs, and no run without a number has."""
    if isinstance(query, All):
        return [bound for part in query.parts for bound in _bounds(field, part)]
    if not isinstance(query, Comparison) or query.field != field or field.kind != "scalar":
        return []
    asked = query.operation
    if asked.operator in COMPARISONS:
        return [_opposite(asked) if asked.negated else asked]
    bounds = asked.negated if asked.operator == "nil" else asked.operator == "=" and not asked.negated
    return [asked] if bounds else []


def _with_value(
    selected: Select[Any], field: Field, bounds: Sequence[Operation]
) -> tuple[Select[Any], list[Column[Any]]]:
    """The runs with the number and the text of a key of a mapping; those without the key too, unless it is bound."""
    table = schema.value.alias()
    number = table.c.number
    own = [table.c.run_id == schema.run.c.id, table.c.key == key_of(field.name, field.key or "")]
    own += [number.is_not(None) if asked.operator == "nil" else _matches(number, asked) for asked in bounds]
    return selected.join(table, and_(*own), isouter=not bounds), [number, table.c.text]
