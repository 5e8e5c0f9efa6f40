"""What a query asks of a field: `>0.5`, `~a|b`, `2026-01-01 .. 2026-02-01`, `%best%`, `nil`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from polyaxon_airflow.errors import QueryError
from polyaxon_airflow.store.query.dates import KEYWORDS, Span, read_date

if TYPE_CHECKING:
    from datetime import datetime

    from polyaxon_airflow.store.query.fields import Field, Kind
    from polyaxon_airflow.store.query.grammar import Expression

Comparison = Literal["<", "<=", ">", ">="]
Pattern = Literal["contains", "starts", "ends"]
Operator = Literal["any", "nil", "=", "in", "range", Comparison, Pattern]


@dataclass(frozen=True)
class Text:
    """A word of a query. In double quotes it is a text and nothing else, even if it reads as a number."""

    text: str
    quoted: bool = False

    @property
    def number(self) -> float | None:
        return None if self.quoted else _float(self.text)


Operand: TypeAlias = "Text | float | bool | Span"


@dataclass(frozen=True)
class Operation:
    """An operator with its operands; `negated` by a leading ~."""

    operator: Operator
    operands: tuple[Operand, ...] = ()
    negated: bool = False


COMPARISONS: Final = frozenset(get_args(Comparison))
_PATTERNS: Final = frozenset(get_args(Pattern))
_TAKES: Final[dict[Kind, frozenset[str]]] = {
    "scalar": COMPARISONS,
    "cpu": COMPARISONS,
    "memory": COMPARISONS,
    "datetime": COMPARISONS | {"range"},
    "value": COMPARISONS | {"in"},
    "search": _PATTERNS | {"in"},
    "flag": frozenset(),
}
_MARKS: Final = {"in": "a list (|)", "range": "a range (..)", **{mark: mark for mark in COMPARISONS}}
_COMPARES: Final[dict[str, Operator]] = {  # the longer first; =< and => as in Polyaxon
    "<=": "<=",
    "=<": "<=",
    ">=": ">=",
    "=>": ">=",
    "<": "<",
    ">": ">",
}
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_CPU: Final = {"m": 1e-3, "u": 1e-6, "n": 1e-9}
_BYTES: Final = {
    **{unit: 1000.0**power for power, unit in enumerate("kmgtpe", start=1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("kmgtpe", start=1)},
}
_TRUE: Final = frozenset({"true", "yes", "1", "t", "y", "on"})
_FALSE: Final = frozenset({"false", "no", "0", "f", "n", "off"})
_RUNS: Final = frozenset({"uuid", "pipeline", "controller", "original", "upstream", "downstream"})
_DASHED: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def read_operation(expression: Expression, field: Field, query: str, at: datetime) -> Operation:
    """What an expression asks of its field. Raises QueryError, placed at the operation."""
    try:
        return _read(expression.operation, field, at)
    except _OperationError as fault:
        message = f"{expression.field} {fault.message}"
        suggestion = fault.suggestion and fault.suggestion.replace("FIELD", expression.field)
        raise QueryError(message, query, expression.operation_at, suggestion) from None


class _OperationError(Exception):
    """What is wrong with an operation, said of its field; FIELD in the suggestion is its name."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        self.message = message
        self.suggestion = suggestion


def _read(text: str, field: Field, at: datetime) -> Operation:
    if text == "_any_":  # Polyaxon's word for lifting a default filter
        return Operation("any")
    negated = text.startswith("~")
    text = text.removeprefix("~").strip()
    if text == "nil":
        return Operation("nil", negated=negated)
    operator, words = _split(text, field.kind)
    if operator != "=" and operator not in _taken(field):
        raise _OperationError(f"does not take {_MARKS[operator]}", _instead(operator, words))
    return Operation(operator, tuple(_operand(word, field, at) for word in words), negated)


def _taken(field: Field) -> frozenset[str]:
    """The operators that a field takes; one with several values a run cannot be compared."""
    takes = _TAKES[field.kind]
    return takes if field.source in {"column", "mapping"} else takes - COMPARISONS


def _split(text: str, kind: Kind) -> tuple[Operator, list[str]]:
    """Operator and words. What stands in double quotes is part of a word."""
    blank = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)
    if ".." in blank:
        return "range", _exactly(
            2, _cut(text, blank, ".."), "takes a range of two dates", "FIELD:first .. last"
        )
    if "|" in blank:
        words = _cut(text, blank, "|")
        if len(words) < 2:
            raise _OperationError("takes a list of two values or more", "Write FIELD:one|two.")
        return "in", words
    if kind == "search" and (blank.startswith("%") or blank.endswith("%")):
        return _pattern(text)
    mark = next((mark for mark in _COMPARES if text.startswith(mark)), "")
    word = text.removeprefix(mark).strip()
    return _COMPARES.get(mark, "="), _exactly(1, [word] if word else [], "needs a value", "FIELD:value")


def _cut(text: str, blank: str, mark: str) -> list[str]:
    """The words between marks, found where quotes are blanked out."""
    words, start = [], 0
    for piece in blank.split(mark):
        words.append(text[start : start + len(piece)].strip())
        start += len(piece) + len(mark)
    return [word for word in words if word]


def _exactly(number: int, words: list[str], fault: str, instead: str) -> list[str]:
    if len(words) != number:
        raise _OperationError(fault, f"Write {instead}.")
    return words


def _pattern(text: str) -> tuple[Operator, list[str]]:
    words = [word.strip() for word in text.split("%") if word.strip()]
    _exactly(1, words, "takes one text between %", "FIELD:%text%, FIELD:text% or FIELD:%text")
    if text.startswith("%") and text.endswith("%"):
        return "contains", words
    return ("ends" if text.startswith("%") else "starts"), words


def _instead(operator: Operator, words: list[str]) -> str | None:
    if operator == "in":
        return f"Write {' OR '.join(f'FIELD:{word}' for word in words)}."
    if operator == "range":
        return f"Write FIELD:>={words[0]}, FIELD:<={words[1]}."
    return None


def _operand(word: str, field: Field, at: datetime) -> Operand:
    if field.kind == "datetime":
        return _date(word, at)
    if field.kind == "flag":
        return _flag(word)
    if field.kind in {"cpu", "memory"}:
        return _quantity(word, _CPU if field.kind == "cpu" else _BYTES)
    text = _text(word)
    if field.kind == "scalar":
        return _scalar(text)
    if field.name in _RUNS and field.source in {"column", "edge"} and _DASHED.fullmatch(text.text):
        return Text(text.text.replace("-", "").lower(), text.quoted)
    return text


def _text(word: str) -> Text:
    if _QUOTED.fullmatch(word):
        try:
            return Text(json.loads(word), quoted=True)
        except ValueError:
            return Text(word[1:-1], quoted=True)
    return Text(word)


def _date(word: str, at: datetime) -> Span:
    span = read_date(_text(word).text, at)
    if span is None:
        known = ", ".join(KEYWORDS)
        raise _OperationError(
            f"takes a date, got '{word}'", f"Write 2026-07-01, 2026-07-01 12:30 or one of: {known}."
        )
    return span


def _flag(word: str) -> bool:
    text = _text(word).text.lower()
    if text not in _TRUE | _FALSE:
        raise _OperationError(f"takes true or false, got '{word}'")
    return text in _TRUE


def _scalar(text: Text) -> float:
    number = _float(text.text)  # also in quotes, as in Polyaxon
    if number is None:
        raise _OperationError(f"takes a number, got '{text.text}'")
    return number


def _quantity(word: str, units: dict[str, float]) -> float:
    """Cores, or bytes, as Kubernetes writes them: 500m, 1.5Gi."""
    found = re.fullmatch(r"(.*?)\s*([a-z]{0,2})", word, re.IGNORECASE | re.DOTALL)
    number, unit = (found[1], found[2].lower()) if found else ("", "")
    value = _float(number)
    if value is None or (unit and unit not in units):
        raise _OperationError(f"takes a number with or without a unit ({', '.join(units)}), got '{word}'")
    return value * units.get(unit, 1.0)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
