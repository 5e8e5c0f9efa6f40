"""What goes in and comes out of runs, once more as rows that SQL can search."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.upsert import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

MAPPINGS: Final = ("inputs", "outputs", "meta")  # columns of a run that hold a mapping
LABELS: Final = ("tags", "connections")  # and those that hold a list of names
_LONGEST = 200  # characters; PostgreSQL's indexes take no long ones


def write_values(connection: Connection, run_id: int, section: str, values: Mapping[str, Any]) -> None:
    """Make keys of a section searchable; a key whose value is None is missing to a search."""
    keyed = {key_of(section, name): value for name, value in values.items()}
    rows = [
        {"run_id": run_id, "key": key, **searchable(value)}
        for key, value in keyed.items()
        if value is not None
    ]
    put(connection, schema.value, rows)
    gone = [key for key, value in keyed.items() if value is None]
    if gone:
        table = schema.value
        connection.execute(delete(table).where(table.c.run_id == run_id, table.c.key.in_(gone)))


def write_labels(connection: Connection, run_id: int, section: str, names: Iterable[str]) -> None:
    """Replace the labels of a section."""
    table = schema.label
    connection.execute(delete(table).where(table.c.run_id == run_id, table.c.section == section))
    rows = [
        {"run_id": run_id, "section": section, "name": name} for name in dict.fromkeys(map(shortened, names))
    ]
    if rows:
        connection.execute(insert(table), rows)


def key_of(section: str, name: str) -> str:
    """Under which key a search finds a name of a section: outputs.loss."""
    return shortened(f"{section}.{name}")


def searchable(value: Any) -> dict[str, Any]:
    """The number under which a search finds a value, or else its text.

    >>> searchable(0.5), searchable("adam"), searchable(True)
    ({'number': 0.5, 'text': None}, {'number': None, 'text': 'adam'}, {'number': None, 'text': 'true'})
    """
    number = _number(value)
    if number is not None:
        return {"number": number, "text": None}
    return {"number": None, "text": shortened(value if isinstance(value, str) else schema.to_json(value))}


def shortened(text: str) -> str:
    """A text that an index takes: a long one keeps its beginning, and a hash stands for the rest."""
    text = schema.storable(text)
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST] + "#" + hashlib.sha256(text.encode()).hexdigest()


def _number(value: Any) -> float | None:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return None if math.isnan(value) else float(value)
    except OverflowError:  # an int above all floats
        return math.inf if value > 0 else -math.inf
