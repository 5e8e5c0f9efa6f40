"""What a failed validation says to the person with the YAML open: pydantic's errors become faults.

A fault has the path of the value in the document, one sentence in the words of YAML, what is known there and what was
probably meant.
"""

from __future__ import annotations

import re
import types
import typing
from collections import defaultdict
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.kinds import Kinds, OrWithoutKind
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

MAX_ERRORS = 100  # of one document; whoever has more of them has one mistake that repeats
MAX_KNOWN = 300  # words that a misspelt one is compared with
MAX_WORD = 60  # letters of a word that may be a misspelt one

# What a type of pydantic's is called in YAML; its error types are `<name>_type` and `<name>_parsing`.
_WANTED = {
    "bool": "true or false",
    "date": "a date such as 2026-01-31",
    "date_from_datetime": "a date such as 2026-01-31",
    "datetime": "a date and time such as 2026-01-31T06:00:00",
    "datetime_from_date": "a date and time such as 2026-01-31T06:00:00",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "string": "text",
    "time_delta": "a number of seconds, or a duration such as PT1H or 01:30:00",
    "tuple": "a list",
}


def faults(error: ValidationError, model: type[Section], document: Any, *, above: Path = ()) -> list[Fault]:
    """The faults of a failed validation of `document` as `model`, of each union those of the likeliest branch.

    `above` is the path of the document in the one that the user sees.
    """
    found: dict[Path, list[tuple[bool, ErrorDetails]]] = defaultdict(list)
    for details in islice(error.errors(include_url=False), MAX_ERRORS):
        path, in_branch = _path(details, document)
        found[path].append((in_branch, details))
    branches = {path for path, errors in found.items() if all(in_branch for in_branch, _ in errors)}
    deeper = {path[:depth] for path in found for depth in range(len(path))}
    kept = [path for path in found if path not in branches or path not in deeper]
    explainer = _Explainer(model, document, above)
    explained = [explainer.fault(path, [details for _, details in found[path]]) for path in kept]
    return [replace(fault, path=(*above, *fault.path)) for fault in _without_followers(explained)]


def suggest(word: object, known: Iterable[str]) -> str | None:
    """`Did you mean 'container'?`, if one of the known words is close to this one.

    >>> suggest("contaner", ["container", "init"]), suggest("rl", ["lr", "steps"]), suggest("x", ["lr"])
    ("Did you mean 'container'?", "Did you mean 'lr'?", None)
    """
    names = list(islice(known, MAX_KNOWN))
    if len(str(word)) > MAX_WORD:
        return None
    close = (
        _spelt_otherwise(word, names)
        or _typos(str(word), names)
        or get_close_matches(str(word), names, n=1)
        or _cut_short(str(word), names)
    )
    return f"Did you mean '{close[0]}'?" if close else None


def _spelt_otherwise(word: object, known: Iterable[str]) -> list[str]:
    return [name for name in known if _plain(name) == _plain(str(word))]


def _cut_short(word: str, known: Iterable[str]) -> list[str]:
    """The one known word that begins with this one, as `minimize` with `min`."""
    longer = [name for name in known if name.lower().startswith(word.lower())] if len(word) > 2 else []
    return longer if len(longer) == 1 else []


def _typos(word: str, known: Iterable[str]) -> list[str]:
    """The known words that one slip in four letters makes of this one, the nearest first."""
    slips = {name: _slips(word, name) for name in known}
    near = [name for name, count in slips.items() if count <= (len(word) + 2) // 4 and count < len(name)]
    return sorted(near, key=lambda name: slips[name])


def _slips(one: str, other: str) -> int:
    """How many letters were left out, added, changed or swapped between two words (optimal string alignment)."""
    if abs(len(one) - len(other)) > 3:
        return MAX_WORD
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        last, before, row = before, row, [i + 1]
        for j, wanted in enumerate(other):
            cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (letter != wanted))
            if last and j and letter == other[j - 1] and one[i - 1] == wanted:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
    return row[-1]


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it.

    >>> dotted(("run", "init", 0, "git"))
    'run.init[0].git'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{clipped(step)}" for step in path)
    return text.removeprefix(".")


def listed(names: Iterable[str]) -> str:
    """Names in one sentence, the first twenty of them."""
    first = list(islice(names, 21))
    return ", ".join([*first[:20], "..."] if len(first) > 20 else first) or "none"


def clipped(value: object, length: int = MAX_WORD) -> str:
    """A value as text, cut where it would fill the screen."""
    text = str(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def keys(section: type[Section]) -> list[str]:
    """The keys that a section has in YAML."""
    return [field.alias or name for name, field in section.model_fields.items()]


def section_at(model: type[Section], document: Any, path: Sequence[str | int]) -> type[Section] | None:
    """The section that stands at a path of the document."""
    annotation: Any = model
    value = document
    for step in path:
        annotation = _below(annotation, value, step)
        value = _get(value, step)
    return next((option for option in _options(annotation, value) if _is_section(option)), None)


# --- where an error is


def _path(details: ErrorDetails, document: Any) -> tuple[Path, bool]:
    """The path of an error in the document, and whether its location also names branches of a union."""
    path: list[str | int] = []
    in_branch = False
    value = document
    location = details["loc"]
    for depth, step in enumerate(location):
        key = _key(value, step)
        if key is not None:
            path.append(key)
            value = value[key]
        elif details["type"] == "missing" and depth == len(location) - 1:
            path.append(step)
        else:
            in_branch = True
    return tuple(path), in_branch


def _key(value: Any, step: str | int) -> Any:
    """The key or index of a value that a step of a location means; it may be written in snake_case there."""
    if isinstance(value, list):
        return step if isinstance(step, int) and step < len(value) else None
    if not isinstance(value, dict):
        return None
    if step in value:
        return step
    return next((key for key in value if _plain(str(key)) == _plain(str(step))), None)


def _get(value: Any, step: str | int) -> Any:
    key = _key(value, step)
    return None if key is None else value[key]


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()


# --- which section an error is in


def _below(annotation: Any, value: Any, step: str | int) -> Any:
    for option in _options(annotation, value):
        if _is_section(option) and isinstance(value, dict):
            field = _field(option, str(step))
            if field is not None:
                return _annotated(field)
        elif get_origin(option) is list and isinstance(value, list):
            return get_args(option)[0]
        elif get_origin(option) is dict and isinstance(value, dict):
            return get_args(option)[1]
    return None


def _annotated(field: FieldInfo) -> Any:
    """The annotation of a field with the marks that pydantic has moved into the field."""
    annotation: Any = field.annotation
    for mark in field.metadata:
        annotation = Annotated[annotation, mark]
    return annotation


def _options(annotation: Any, value: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _annotated_options(annotation, value)
    elif origin in (typing.Union, types.UnionType):
        for choice in get_args(annotation):
            yield from _options(choice, value)
    elif annotation is not None:
        yield annotation


def _annotated_options(annotation: Any, value: Any) -> Iterator[Any]:
    inner, *marks = get_args(annotation)
    for mark in marks:
        kinds = mark.kinds if isinstance(mark, OrWithoutKind) else mark
        if isinstance(kinds, Kinds):
            kind = value.get("kind") if isinstance(value, dict) else None
            yield kinds.load(kind) if isinstance(kind, str) and kind in kinds.names() else kinds.base
            return
    yield from _options(inner, value)


def _field(section: type[Section], step: str) -> FieldInfo | None:
    for name, field in section.model_fields.items():
        if step in (name, field.alias):
            return field
    return None


def _is_section(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, Section)


# --- what it says


@dataclass(frozen=True)
class _Explainer:
    """Says what is wrong at the paths of one document."""

    model: type[Section]
    document: Any
    above: Path

    def shown(self, path: Sequence[str | int]) -> str:
        return dotted((*self.above, *path))

    def fault(self, path: Path, errors: Sequence[ErrorDetails]) -> Fault:
        first = errors[0]
        kind = first["type"]
        if kind == "extra_forbidden":
            return self.unknown_key(path)
        if kind == "missing":
            where = self.shown(path[:-1])
            message = f"'{path[-1]}' is missing" + (f" in '{where}'" if where else "")
            return Fault(message, path=path[:-1], rule="missing", suggestion=f"Add '{path[-1]}:'.")
        literals = [details for details in errors if details["type"] == "literal_error"]
        if literals and (len(literals) == len(errors) or self.not_one_of(path, literals[0]).suggestion):
            return self.not_one_of(path, literals[0])
        if kind.startswith("kind_"):
            return self.wrong_kind(path, first)
        wanted = [text for text in map(_wanted, errors) if text]
        if wanted:
            return self.wrong_type(path, list(dict.fromkeys(wanted)), first["input"])
        suggestion = (
            suggest(first["ctx"]["meant"], first["ctx"]["known"].split(", "))
            if kind == "io_type"
            else f"Add '{first['ctx']['needed']}:'."
            if kind == "utility_parameter"
            else _HINTS.get(kind)
        )
        return Fault(
            self.sentence(path, first), path=path, rule=kind.replace("_", "-"), suggestion=suggestion
        )

    def unknown_key(self, path: Path) -> Fault:
        *above, key = path
        section = section_at(self.model, self.document, above)
        known = keys(section) if section else []
        where = f"'{self.shown(above)}'" if self.shown(above) else "the file"
        misplaced = None if _spelt_otherwise(key, known) else self.misplaced(str(key), above, section)
        suggestion = _instead(str(key), section) or misplaced or suggest(key, known)
        # The fifty keys of an operation help only somebody who has no other hint.
        is_long = len(known) > 20 and suggestion is not None
        message = f"unknown key '{clipped(key)}' in {where}" + (
            "" if is_long else f"; known: {', '.join(sorted(known))}"
        )
        return Fault(message, path=path, of_key=True, suggestion=suggestion, rule="unknown-key")

    def misplaced(self, key: str, above: Sequence[str | int], section: type[Section] | None) -> str | None:
        """Where the key belongs, if it is one of the sections right inside or of one around."""
        for name, field in section.model_fields.items() if section else ():
            inner = [option for option in _options(field.annotation, {}) if _is_section(option)]
            if any(key in keys(option) for option in inner):
                return f"It belongs in '{self.shown([*above, field.alias or name])}'."
        for depth in range(len(above) - 1, -1, -1):
            outer = section_at(self.model, self.document, above[:depth])
            if outer and key in keys(outer):
                where = self.shown(above[:depth])
                place = f"in '{where}'" if where else "at the root"
                return f"It belongs {place}; check its indentation."
        return None

    def not_one_of(self, path: Path, details: ErrorDetails) -> Fault:
        expected = str(details["ctx"]["expected"])
        known = [word.strip().strip("'") for word in expected.replace(" or ", ",").split(",")]
        given = details["input"]
        message = f"'{self.shown(path)}' cannot be {_quoted(given)}; known: {', '.join(known)}"
        return Fault(message, path=path, suggestion=suggest(given, known), rule="unknown-value")

    def wrong_kind(self, path: Path, details: ErrorDetails) -> Fault:
        context = details.get("ctx", {})
        if details["type"] in ("kind_mapping", "kind_missing"):
            is_choice = isinstance(details["input"], list) and "choice" in context["known"].split(", ")
            suggestion = (
                f"Write {{kind: choice, value: {clipped(details['input'])}}}."
                if is_choice
                else "Add 'kind:'."
            )
            return Fault(
                f"'{self.shown(path)}' {details['msg']}", path=path, rule="kind", suggestion=suggestion
            )
        is_retired = details["type"] == "kind_retired"
        meant = (
            f"Write {context['instead'].removeprefix('use ')}."
            if is_retired
            else suggest(context["kind"], context["known"].split(", "))
        )
        return Fault(details["msg"], path=path, suggestion=meant, rule="unknown-kind")

    def wrong_type(self, path: Path, wanted: Sequence[str], given: Any) -> Fault:
        message = f"'{self.shown(path)}' must be {' or '.join(wanted)}, not {_said(given)}"
        section = section_at(self.model, self.document, path) if "a mapping" in wanted else None
        if section and "name" in section.model_fields and isinstance(given, str) and not is_template(given):
            suggestion: str | None = f"Write {_named(section, given)}."
        else:
            suggestion = _rewrite(wanted, given)
        return Fault(message, path=path, suggestion=suggestion, rule="type")

    def sentence(self, path: Path, details: ErrorDetails) -> str:
        where = self.shown(path)
        message = details["msg"].removeprefix("Value error, ")
        if details["type"] == "string_pattern_mismatch":
            return f"'{where}' cannot be {_quoted(details['input'])}: use letters, digits, '-' and '_'"
        message = message.replace("Input should", "must").replace("Keys should be", "keys must be")
        message = message[:1].lower() + message[1:]
        return f"'{where}' {message}" if message.startswith(("must", "needs", "keys")) and where else message


_HINTS = {
    "greater_than": "Write 1 or more.",
    "io_default": "Remove isOptional.",
    "io_template": "Write it in params of the operation.",
    "references": "Keep one of them.",
    "run_without_kind": "Add 'kind: job'.",
    "string_pattern_mismatch": "Write a name such as my-training_1.",
}


def _instead(key: str, section: type[Section] | None) -> str | None:
    replacement = section.instead.get(key) if section else None
    return f"Did you mean '{replacement}'?" if section and replacement in keys(section) else None


def _wanted(details: ErrorDetails) -> str | None:
    kind = details["type"]
    for ending in ("_type", "_parsing", "_from_float", "_parsing_size", "_inexact", "_not_string"):
        if kind.endswith(ending) and kind.removesuffix(ending) in _WANTED:
            return _WANTED[kind.removesuffix(ending)]
    return None


def _named(section: type[Section], name: str) -> str:
    """The mapping that somebody meant who wrote its name alone."""
    others = [key for key in keys(section) if key != "name"]
    return f"{{name: {clipped(name)}{''.join(f', {key}: ...' for key in others[:2])}}}"


_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?([smhdw])(?:ec|in|our|ay|eek|r)?(?:ond|ute)?s?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _in_seconds(text: str) -> str | None:
    """What `1h` is in the units that a number of seconds is written in."""
    match = _DURATION.fullmatch(text.strip())
    return None if match is None else f"{float(match[1]) * _SECONDS[match[2].lower()]:g}"


def _rewrite(wanted: Sequence[str], given: Any) -> str | None:
    if is_template(given):
        return "A template cannot stand here."
    seconds = _in_seconds(given) if isinstance(given, str) else None
    if seconds is not None and wanted[0] in ("a whole number", _WANTED["time_delta"]):
        return f"Write {seconds}, if these are seconds."
    if len(str(given)) > MAX_WORD:
        return _EXAMPLES.get(wanted[0])
    if "text" in wanted and isinstance(given, (bool, int, float)):
        literal = str(given).lower() if isinstance(given, bool) else given
        return f'Quote it: "{literal}".'
    if "a list" in wanted and not isinstance(given, (dict, list)) and given is not None:
        return f"Write [{given}]."
    if "a list" in wanted and isinstance(given, dict):
        return "Start each item with '- '."
    if (
        "a mapping" not in wanted
        and isinstance(given, list)
        and len(given) == 1
        and not isinstance(given[0], (dict, list))
    ):
        return f"Write it without brackets: {given[0]}."
    if isinstance(given, str) and given.isdigit() and "a whole number" in wanted:
        return f"Write {given} without quotes."
    return _EXAMPLES.get(wanted[0])


_EXAMPLES = {
    "a list": "Write a list: [a, b].",
    "a mapping": "Write a mapping: {key: value}.",
    "a number": "Write a number, such as 0.5.",
    "a whole number": "Write a number, such as 3.",
    "text": "Write text.",
    "true or false": "Write true or false.",
}


def _said(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return f"'{clipped(value)}'"


def _without_followers(found: list[Fault]) -> list[Fault]:
    """Without what is only missing because its name is misspelt right there."""
    meant = {(fault.path[:-1], fault.suggestion) for fault in found if fault.rule == "unknown-key"}
    return [
        fault
        for fault in found
        if fault.rule != "missing"
        or (fault.path, f"Did you mean {fault.message.split(' ')[0]}?") not in meant
    ]
