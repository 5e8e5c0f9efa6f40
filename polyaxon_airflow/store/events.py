"""Events: what watchers have noticed, until those that wait for it have started their runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.cursors import move_cursor
from polyaxon_airflow.store.records import Event
from polyaxon_airflow.store.upsert import insert_new

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from polyaxon_airflow.store.database import Database


@dataclass(frozen=True)
class Events:
    """`store.events`."""

    database: Database

    def record(self, watch: str, events: Iterable[Event], *, expected: Any, value: Any) -> list[Event] | None:
        """Move the watch's cursor from `expected` to `value`, and keep the events that are new; in one transaction.

        The events that were new come back with their numbers. None, and nothing happens, if the cursor stands
        elsewhere: another watcher was faster. `expected=None` is a cursor that has not moved yet.
        """
        with self.database.write() as connection:
            if not move_cursor(connection, watch, value, expected):
                return None
            return [kept for event in events if (kept := _keep(connection, watch, event)) is not None]

    def after(self, watch: str, number: int, limit: int | None = None) -> list[Event]:
        """The events of a watch with higher numbers, in order."""
        table = schema.event
        query = select(table).where(table.c.watch == watch, table.c.number > number).order_by(table.c.number)
        with self.database.read() as connection:
            return [_event(row) for row in connection.execute(query.limit(limit))]

    def newest(self, watch: str) -> int:
        """The highest number of a watch's events, 0 if there are none."""
        table = schema.event
        with self.database.read() as connection:
            return connection.scalar(select(func.max(table.c.number)).where(table.c.watch == watch)) or 0

    def counts(self) -> dict[str, int]:
        """How many events each watch has noticed."""
        query = select(schema.event.c.watch, func.count().label("number")).group_by(schema.event.c.watch)
        with self.database.read() as connection:
            return {row.watch: row.number for row in connection.execute(query)}

    def prune(self, *, before: datetime) -> int:
        """Forget events older than that; how many they were."""
        with self.database.write() as connection:
            return connection.execute(schema.event.delete().where(schema.event.c.at < before)).rowcount


def _keep(connection: Connection, watch: str, event: Event) -> Event | None:
    fields = {name: value for name, value in vars(event).items() if name != "number"}
    number = insert_new(connection, schema.event, {"watch": watch, **fields})
    return None if number is None else replace(event, number=number)


def _event(row: Any) -> Event:
    return Event(row.key, row.kind, row.label, row.data, row.at, row.number)
