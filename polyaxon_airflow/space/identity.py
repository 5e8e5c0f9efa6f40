"""When two values are the same one."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


def identity(value: object) -> Hashable:
    """A key under which equal JSON values meet, lists and mappings too; 1, 1.0 and true are three values."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else (type(value), value)


def distinct(values: Iterable[object]) -> list[object]:
    """The values in their order, each once."""
    return list({identity(value): value for value in reversed(list(values))}.values())[::-1]


def plain(value: object) -> object:
    """A value read from YAML as plain JSON: unquoted dates and times become their ISO text.

    >>> plain([dt.date(2024, 1, 1), (1, 2)])
    ['2024-01-01', [1, 2]]
    """
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number; booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
