"""Runs as people and programs read them."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.store import Run

if TYPE_CHECKING:
    from polyaxon_airflow.store.query.fields import Field

FIELDS = tuple(field.name for field in fields(Run))


def as_json(value: Any) -> str:
    """Indented JSON; times in ISO's form, and null for what is not finite."""
    return json.dumps(_plain(value), indent=2)


def plain(run: Run, *, content: bool = False) -> dict[str, Any]:
    """All fields of a run, `content` only when asked for."""
    return {name: getattr(run, name) for name in FIELDS if content or name != "content"}


def column(run: Run, field: Field) -> Any:
    """What a run has under a field of the query language: metrics.loss, params.lr, status, tags."""
    if field.source == "mapping":
        return getattr(run, field.name).get(field.key)
    return getattr(run, field.name, None)


def cell(value: Any) -> Any:
    """A value in a table: numbers stay numbers, times are local, and long texts are cut."""
    if value is None or isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else value
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def duration(seconds: float | None) -> str | None:
    """Seconds as people say them.

    >>> duration(7.25), duration(125), duration(3700)
    ('7.2s', '2m 05s', '1h 01m')
    """
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}m"


_WIDEST = 60  # characters of a cell


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
