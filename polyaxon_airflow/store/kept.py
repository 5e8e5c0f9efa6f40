"""What runs that have ended still have on a cluster, and until when (`termination.ttl`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.store.upsert import put

if TYPE_CHECKING:
    from datetime import datetime

    from polyaxon_airflow.store.database import Database


@dataclass(frozen=True)
class Kept:
    """`store.kept`. A run's handle says what it is."""

    database: Database

    def keep(self, uuid: str, until: datetime) -> None:
        """Note that what a run has on its cluster is to go then."""
        with self.database.write() as connection:
            put(connection, schema.kept, [{"run": uuid, "until": until}])

    def due(self, at: datetime) -> list[str]:
        """The runs whose time has come, the longest overdue first; none that is tried again or resumed just then."""
        table = schema.kept
        over = (table.c.until <= at, schema.run.c.status.in_(DONE))
        query = select(table.c.run).join(schema.run, schema.run.c.uuid == table.c.run).where(*over)
        query = query.order_by(table.c.until, table.c.run)
        with self.database.read() as connection:
            return list(connection.scalars(query))

    def forget(self, uuid: str) -> None:
        """It is gone."""
        with self.database.write() as connection:
            connection.execute(delete(schema.kept).where(schema.kept.c.run == uuid))
