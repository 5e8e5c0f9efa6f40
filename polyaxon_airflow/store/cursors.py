"""Cursors: how far the watchers of events have read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.records import Cursor
from polyaxon_airflow.store.upsert import insert_new

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from polyaxon_airflow.store.database import Database


@dataclass(frozen=True)
class Cursors:
    """`store.cursors`. Two watchers may share one: only the one that knows where it stands moves it."""

    database: Database

    def get(self, name: str) -> Cursor | None:
        with self.database.read() as connection:
            return _find(connection, name)

    def move(self, name: str, value: Any, *, expected: Any) -> bool:
        """Move a cursor from `expected` to `value` (JSON); False, and nothing moves, if it stands elsewhere.

        `expected=None` moves a cursor that has not moved yet.
        """
        with self.database.write() as connection:
            return move_cursor(connection, name, value, expected)

    def polled(
        self, name: str, *, at: datetime, next_poll_at: datetime | None = None, error: str | None = None
    ) -> Any:
        """Note that a watcher has looked, when it will look again, and what went wrong; where the cursor stands."""
        table = schema.cursor
        errors = 0 if error is None else table.c.errors + 1
        values = {"polled_at": at, "next_poll_at": next_poll_at, "error": error, "errors": errors}
        with self.database.write() as connection:
            _make(connection, name)
            connection.execute(update(table).where(table.c.name == name).values(values))
            found = _find(connection, name)
        return None if found is None else found.value

    def forget(self, name: str) -> bool:
        """Remove a cursor; False if there is none."""
        with self.database.write() as connection:
            return (
                connection.execute(schema.cursor.delete().where(schema.cursor.c.name == name)).rowcount == 1
            )

    def all(self, prefix: str = "") -> list[Cursor]:
        """All cursors whose name begins so, by name."""
        table = schema.cursor
        begins = func.substr(table.c.name, 1, len(prefix)) == prefix
        with self.database.read() as connection:
            return [
                _cursor(row) for row in connection.execute(select(table).where(begins).order_by(table.c.name))
            ]


def move_cursor(connection: Connection, name: str, value: Any, expected: Any) -> bool:
    """`Cursors.move` within a transaction."""
    table = schema.cursor
    _make(connection, name)
    stands = table.c.value.is_not_distinct_from(None if expected is None else _text(expected))
    moved = connection.execute(update(table).where(table.c.name == name, stands).values(value=_text(value)))
    return moved.rowcount == 1


def _find(connection: Connection, name: str) -> Cursor | None:
    row = connection.execute(select(schema.cursor).where(schema.cursor.c.name == name)).one_or_none()
    return None if row is None else _cursor(row)


def _cursor(row: Any) -> Cursor:
    value = None if row.value is None else json.loads(row.value)
    return Cursor(row.name, value, row.polled_at, row.next_poll_at, row.error, row.errors)


def _make(connection: Connection, name: str) -> None:
    insert_new(connection, schema.cursor, {"name": name, "errors": 0})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
