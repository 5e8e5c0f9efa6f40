"""`inputs` and `outputs`: the typed values that a component takes and gives (spec section 2.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import StrictInt, field_validator, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import (
    OR_TEMPLATE,
    BoolOrTemplate,
    IntOrTemplate,
    Text,
    TextsOrTemplate,
    is_template,
)
from polyaxon_airflow.section import Section, fault_at
from polyaxon_airflow.sections import regexes, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESERVED = ("globals", "params", "connections")

NumberOrTemplate = Annotated[StrictInt | float | str, OR_TEMPLATE]


class Validation(Section):
    """Rules for a value; of a list or a mapping, rules for each item and for the whole."""

    instead: ClassVar[dict[str, str]] = {
        "min": "ge",
        "max": "le",
        "minimum": "ge",
        "maximum": "le",
        "gte": "ge",
        "lte": "le",
        "pattern": "regex",
        "enum": "options",
        "choices": "options",
    }

    delay: BoolOrTemplate | None = None
    gt: NumberOrTemplate | None = None
    ge: NumberOrTemplate | None = None
    lt: NumberOrTemplate | None = None
    le: NumberOrTemplate | None = None
    multiple_of: NumberOrTemplate | None = None
    min_digits: IntOrTemplate | None = None
    max_digits: IntOrTemplate | None = None
    decimal_places: IntOrTemplate | None = None
    regex: Text | None = None
    min_length: IntOrTemplate | None = None
    max_length: IntOrTemplate | None = None
    contains: Any = None
    excludes: Any = None
    options: Any = None
    min_items: IntOrTemplate | None = None
    max_items: IntOrTemplate | None = None
    keys: TextsOrTemplate | None = None
    contains_keys: TextsOrTemplate | None = None
    excludes_keys: TextsOrTemplate | None = None

    def check(self, value: Any) -> None:
        """Raises ValueError with the first rule that the value breaks."""
        for item in _items(value):
            self._hold(_ITEM_RULES, item)
        if isinstance(value, (list, tuple, set, dict)):
            self._hold(_SIZE_RULES, value)
        if isinstance(value, dict):
            self._hold(_KEY_RULES, value)

    def _hold(self, rules: dict[str, tuple[Callable[[Any, Any], bool], str]], value: Any) -> None:
        for name, (holds, sentence) in rules.items():
            limit = getattr(self, name)
            if limit is None:
                continue
            try:
                kept = holds(value, limit)
            except (TypeError, ValueError, re.error) as error:
                raise ValueError(f"{_short(value)} {sentence.format(limit)}: {error}") from error
            if not kept:
                raise ValueError(f"{_short(value)} {sentence.format(limit)}")


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple, set)):
        yield from value
    else:
        yield value


def _digits(value: Any) -> int:
    return len(str(value).replace(".", ""))


def _decimals(value: Any) -> int:
    return len(str(value).partition(".")[2])


_ITEM_RULES: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    # Not the other way round, as in Polyaxon: nothing can be said of NaN.
    "gt": (lambda value, limit: not value <= limit, "must be greater than {}"),
    "ge": (lambda value, limit: not value < limit, "must be at least {}"),
    "lt": (lambda value, limit: not value >= limit, "must be less than {}"),
    "le": (lambda value, limit: not value > limit, "must be at most {}"),
    "multiple_of": (lambda value, limit: value % limit == 0, "must be a multiple of {}"),
    "min_digits": (lambda value, limit: _digits(value) >= limit, "must have at least {} digits"),
    "max_digits": (lambda value, limit: _digits(value) <= limit, "must have at most {} digits"),
    "decimal_places": (lambda value, limit: _decimals(value) <= limit, "must have at most {} decimal places"),
    "regex": (lambda value, limit: regexes.matches(limit, value), "must match {}"),
    "min_length": (lambda value, limit: len(value) >= limit, "must have at least {} characters"),
    "max_length": (lambda value, limit: len(value) <= limit, "must have at most {} characters"),
    "contains": (lambda value, limit: limit in value, "must contain {!r}"),
    "excludes": (lambda value, limit: limit not in value, "must not contain {!r}"),
    "options": (lambda value, limit: value in limit, "must be one of {}"),
}
_SIZE_RULES: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "min_items": (lambda value, limit: len(value) >= limit, "must have at least {} items"),
    "max_items": (lambda value, limit: len(value) <= limit, "must have at most {} items"),
}
_KEY_RULES: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "keys": (lambda value, limit: set(value) == set(limit), "must have exactly the keys {}"),
    "contains_keys": (lambda value, limit: set(limit) <= set(value), "must have the keys {}"),
    "excludes_keys": (lambda value, limit: set(limit).isdisjoint(value), "must not have any of the keys {}"),
}


class IO(Section):
    """One input or output: `- {name: lr, type: float, value: 0.1, validation: {gt: 0}}`."""

    instead: ClassVar[dict[str, str]] = {
        "default": "value",
        "optional": "isOptional",
        "required": "isOptional",
        "list": "isList",
        "flag": "isFlag",
    }

    name: Text
    description: Text | None = None
    type: Text | None = None
    is_optional: bool | None = None  # true as soon as `value` is there, also when it is null
    is_list: bool | None = None
    is_flag: bool | None = None
    arg_format: Text | None = None
    connection: Text | None = None
    to_init: bool | None = None
    to_env: Text | None = None
    value: Any = None
    validation: Validation | None = None
    delay_validation: bool | None = None
    options: Any = None

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in RESERVED:
            raise PydanticCustomError(
                "reserved", "'{name}' is a name of the context; take another", {"name": name}
            )
        return name

    @model_validator(mode="before")
    @classmethod
    def _infer(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        if "value" in given and "isOptional" not in given and "is_optional" not in given:
            given["isOptional"] = True
        # As in Polyaxon: these two are older spellings of rules. `delay_validation` is not `delayValidation`, and no
        # more than a rule without effect; the checker says so.
        older = {"options": given.pop("options", None), "delay": given.pop("delay_validation", None)}
        rules = {name: rule for name, rule in older.items() if rule is not None}
        if rules and isinstance(given.get("validation") or {}, dict):
            given["validation"] = {**(given.get("validation") or {}), **rules}
        return given

    @model_validator(mode="after")
    def _default_holds(self) -> IO:
        if self.value is not None and self.type:
            if not types.is_known(self.type):
                context = {
                    "type": self.type,
                    "meant": types.meant(self.type),
                    "known": ", ".join(types.names()),
                }
                raise fault_at(
                    PydanticCustomError("io_type", "'{type}' is no type; known: {known}", context), "type"
                )
            try:
                self.check(self.value)
            except PydanticCustomError as error:
                raise fault_at(self._early() if is_template(self.value) else error, "value") from error
        if "value" in self.model_fields_set and (
            self.is_optional is False or (self.value is not None and not self.is_optional)
        ):
            raise PydanticCustomError(
                "io_default",
                "'{name}' has a default, so it is optional; remove isOptional",
                {"name": self.name},
            )
        if self.is_flag and (self.value is not None or self.is_flag) and self.type != "bool":
            raise PydanticCustomError(
                "io_flag", "'{name}' is a flag, so its type must be bool", {"name": self.name}
            )
        return self

    def check(self, value: Any) -> Any:
        """The value as the type has it. Raises a pydantic error (a ValueError) that says what is wrong with it."""
        if self.type is None:
            return value
        try:
            parsed = types.parse(self.type, value, is_list=bool(self.is_list))
            if self.validation:
                self.validation.check(parsed)
        except ValueError as error:
            context = {
                "value": _short(value),
                "name": self.name,
                "type": self.type_name(),
                "reason": str(error),
            }
            raise PydanticCustomError(
                "io_value", "{value} does not fit '{name}' ({type}): {reason}", context
            ) from error
        return parsed

    def _early(self) -> PydanticCustomError:
        """A template as the default of another type than text, which Polyaxon refuses too."""
        context = {"value": _short(self.value), "name": self.name, "type": self.type_name()}
        message = "{value} cannot be the default of '{name}' ({type}), which is read before there is a run"
        return PydanticCustomError("io_template", message, context)

    def type_name(self) -> str:
        """The type as a person would say it: `int`, `list of int`."""
        kind = self.type or "any"
        return f"list of {kind}" if self.is_list else kind


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
