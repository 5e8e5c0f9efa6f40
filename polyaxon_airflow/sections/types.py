"""The types of inputs and outputs: which values each takes, and what becomes of them (spec section 2.3)."""

from __future__ import annotations

import ast
import json
import re
import typing
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from uuid import UUID

import pydantic
from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError

from polyaxon_airflow.json_text import json_text
from polyaxon_airflow.sections import values

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HINT = 200

# What the types are called elsewhere.
_ALSO = {
    "array": "list",
    "boolean": "bool",
    "double": "float",
    "integer": "int",
    "long": "int",
    "map": "dict",
    "mapping": "dict",
    "number": "float",
    "object": "dict",
    "string": "str",
    "text": "str",
}

# Types whose text is taken as it is; the text of any other type is JSON, so "3" is an int and "[1, 2]" a list.
_TEXT = {
    "any",
    "Any",
    "str",
    "bool",
    "path",
    "date",
    "datetime",
    "timedelta",
    "uuid",
    "email",
    "image",
    "uri",
    "gcs",
}
_TEXT |= {"s3", "wasb"}

# Refs between these need no equal type (spec section 2.3, "type compatibility").
_TEXT_LIKE = {"str", "path", "s3", "gcs", "wasb"}

_HINTS: dict[str, Any] = {
    name: getattr(typing, name)
    for name in (
        "Any",
        "Dict",
        "FrozenSet",
        "List",
        "Mapping",
        "Optional",
        "Sequence",
        "Set",
        "Tuple",
        "Union",
    )
}
_HINTS |= {
    name: getattr(pydantic, name)
    for name in pydantic.__all__
    if name.endswith(("Int", "Float", "Str", "Bool"))
}
_HINTS |= {name: getattr(pydantic, name) for name in ("AnyHttpUrl", "AnyUrl", "ByteSize", "HttpUrl", "Json")}
_HINTS |= {
    kind.__name__: kind
    for kind in (bool, bytes, dict, float, frozenset, int, list, set, str, tuple, date, timedelta)
}

_MAIL_USER = re.compile(r"[-!#$%&'*+/=?^`{}|~\w]+(\.[-!#$%&'*+/=?^`{}|~\w]+)*")
_MAIL_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,}|localhost", re.IGNORECASE)


def meant(name: str) -> str:
    """The type that somebody means who calls it as other languages do; any other name as it is.

    >>> meant("integer"), meant("flaot")
    ('int', 'flaot')
    """
    return _ALSO.get(name.lower(), name)


def parse(type_name: str, value: Any, *, is_list: bool = False) -> Any:
    """The value as the type has it: "3" becomes 3 for an int. Raises ValueError, which says what the type takes.

    >>> parse("int", "3"), parse("int", "[1, 2]", is_list=True), parse("bool", "yes")
    (3, [1, 2], True)
    """
    if isinstance(value, str) and (is_list or type_name not in _TEXT):
        value = _from_json(value)
    if not is_list:
        return _one(type_name, value)
    if not isinstance(value, (list, tuple, set)):
        raise ValueError("must be a list")  # noqa: TRY004 - ValueError is what parse raises
    return [_one(type_name, item) for item in value]


def has_time(value: Any) -> bool:
    """Whether a value is a day with a time of the day, in ISO's form.

    >>> has_time("2024-02-28T22:00:00"), has_time("2024-02-28"), has_time("22:00")
    (True, False, False)
    """
    try:
        return isinstance(value, str) and ":" in value and bool(_adapter(datetime).validate_python(value))
    except ValidationError:
        return False


def is_known(type_name: str) -> bool:
    """Whether `type:` may be this; a name or a hint such as `List[int]`."""
    try:
        _parser(type_name)
    except ValueError:
        return False
    return True


def names() -> list[str]:
    """The types that have a name."""
    return sorted({*_PARSERS, "bool", "dict", "float", "int", "list", "set", "tuple"})


def are_compatible(wanted: str | None, given: str | None) -> bool:
    """Whether an input of the first type may read an output of the second."""
    return wanted == given or {wanted, given} <= _TEXT_LIKE


def _one(type_name: str, value: Any) -> Any:
    try:
        return _parser(type_name)(value)
    except ValidationError as error:
        raise ValueError(_reason(error)) from error


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    message = (
        first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("should be", "must be")
    )
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {message}" if where else message


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise ValueError("is not of this type, nor the JSON text of one") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@cache
def _parser(type_name: str) -> Callable[[Any], Any]:
    known = _PARSERS.get(type_name)
    return known or _of_hint(type_name)


def _of_hint(text: str) -> Callable[[Any], Any]:
    if len(text) > MAX_HINT:
        raise ValueError(f"a type has at most {MAX_HINT} letters")
    try:
        return TypeAdapter(_hint(text)).validate_python
    except (PydanticSchemaGenerationError, PydanticUserError, RecursionError) as error:
        raise ValueError(f"'{text}' is not a type") from error


def _hint(text: str) -> Any:
    try:
        return _hint_of(ast.parse(text, mode="eval").body)
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"'{text}' is not a type") from error


def _hint_of(node: ast.expr) -> Any:
    """The hint that a piece of text means; only names and brackets, so that no text can run code."""
    if isinstance(node, ast.Name):
        return _HINTS[node.id]
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Subscript):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        inside = tuple(_hint_of(item) for item in items)
        return _hint_of(node.value)[inside if len(inside) > 1 else inside[0]]
    raise ValueError(ast.dump(node))


def _anything(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - ValueError is what parse raises
    return value


def _as_text(value: Any) -> str:
    # As in Polyaxon: a str takes anything; JSON stands for what is neither text nor a date (spec section 2.3).
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("must fit in 64 bits")
    if isinstance(value, (bool, int, float, dict, list)):
        return json_text(value)
    return str(value)


def _uuid(value: Any) -> str:
    return UUID(_text(value)).hex


def _image(value: Any) -> str:
    # Images were once mappings with a name and a connection; their name still counts.
    return values.check_image(_text(value.get("name") if isinstance(value, dict) else value))


def _email(value: Any) -> str:
    user, at, domain = _text(value).rpartition("@")
    if not at or not _MAIL_USER.fullmatch(user) or not _MAIL_DOMAIN.fullmatch(domain):
        raise ValueError("must be an email address")
    return str(value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _as(kind: Any) -> Callable[[Any], Any]:
    """A parser that pydantic builds when it is first needed."""
    return lambda value: _adapter(kind).validate_python(value)


def _url(*schemes: str) -> Callable[[Any], str]:
    def parse_url(value: Any) -> str:
        parsed = _adapter(pydantic.AnyUrl).validate_python(value)
        place = urlparse(str(value))
        if schemes and (place.scheme not in schemes or not place.netloc):
            raise ValueError(f"must be {schemes[0]}://<bucket>/<path>")
        return str(value) if schemes else str(parsed)

    return parse_url


def _wasb(value: Any) -> str:
    place = urlparse(_url("wasbs", "wasb", "https", "az", "abfs")(value))
    shape = {"wasb": r"[^@]+@[^.]+", "wasbs": r"[^@]+@[^.]+", "https": r"[^@]+"}.get(place.scheme)
    if shape and not re.match(rf"{shape}\.blob\.core\.windows\.net", place.netloc):
        raise ValueError("must be wasbs://<container>@<account>.blob.core.windows.net/<path>")
    return str(value)


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "any": _anything,
    "Any": _anything,
    "str": _as_text,
    "path": _text,
    "metric": _as(float),
    "metadata": _as(dict),
    "date": _as(date),
    # As in Polyaxon: a datetime is read as a date, so that times other than midnight are refused.
    "datetime": _as(date),
    "timedelta": _as(timedelta),
    "uuid": _uuid,
    "email": _email,
    "image": _image,
    "uri": _url(),
    "gcs": _url("gs", "gcs"),
    "s3": _url("s3"),
    "wasb": _wasb,
    "artifacts": _as(values.Artifacts),
    "git": _as(values.Git),
    "dockerfile": _as(values.Dockerfile),
    "file": _as(values.File),
    "tensorboard": _as(values.Tensorboard),
    "event": _as(values.Event),
}
