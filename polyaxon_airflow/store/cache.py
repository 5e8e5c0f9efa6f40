"""The cache: of two runs that are the same, one executes (spec section 3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update

from polyaxon_airflow.store import lifecycle, schema
from polyaxon_airflow.store.records import CacheClaim
from polyaxon_airflow.store.rows import COLUMNS, lock_run, to_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from polyaxon_airflow.store.database import Database
    from polyaxon_airflow.store.records import Run


@dataclass(frozen=True)
class Cache:
    """`store.cache`. A run stands in the cache from when it claims its key until it fails or is invalidated."""

    database: Database

    def claim(
        self,
        uuid: str,
        key: str,
        *,
        at: datetime,
        ttl: float | None = None,
        stale_after: float | None = None,
        bypass: bool = False,
    ) -> CacheClaim:
        """Ask whether a run has to execute; of all that ask with the same key, kind and runtime at once, one has to.

        A finished run is a hit while it is younger than `ttl` seconds, a live one is waited for unless its last
        heartbeat is `stale_after` seconds old. With `bypass` (a restart, a cleared task) the run executes whatever
        is there, and later runs find it. Raises StoreError if there is no such run.
        """
        with self.database.write() as connection:
            _lock(connection, key)
            run = lock_run(connection, uuid, "kind", "runtime")
            usable = _finished(at, ttl) | _live(at, stale_after)
            original = None if bypass else _original(connection, run, key, usable)
            # A run that waits gives its own claim up: two runs must not wait for one another.
            values = {"cache_key": key, "cached_at": at if original is None else None, "heartbeat_at": at}
            connection.execute(update(schema.run).where(schema.run.c.id == run["id"]).values(values))
        if original is None:
            return CacheClaim("run")
        return CacheClaim("hit" if original.status == "succeeded" else "wait", original)

    def invalidate(self, uuid: str, *, by: str | None = None, at: datetime) -> None:
        """Take a run out of the cache, and note who did it and when; the next one with its key executes.

        Raises StoreError if there is no such run.
        """
        with self.database.write() as connection:
            run = lock_run(connection, uuid, "meta")
            meta = {**run["meta"], "invalidated_at": at.isoformat(), "invalidated_by": by}
            connection.execute(
                update(schema.run)
                .where(schema.run.c.id == run["id"])
                .values(cached_at=None, meta=meta, updated_at=at)
            )


def _lock(connection: Connection, key: str) -> None:
    """One claim of a key at a time; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _finished(at: datetime, ttl: float | None) -> ColumnElement[bool]:
    table = schema.run
    succeeded = table.c.status == "succeeded"
    return succeeded if ttl is None else succeeded & (table.c.finished_at > at - timedelta(seconds=ttl))


def _live(at: datetime, stale_after: float | None) -> ColumnElement[bool]:
    table = schema.run
    live = table.c.status.not_in([*lifecycle.DONE, "stopping"])
    if stale_after is None:
        return live
    return live & (
        func.coalesce(table.c.heartbeat_at, table.c.created_at) > at - timedelta(seconds=stale_after)
    )


def _original(
    connection: Connection, run: Mapping[str, Any], key: str, usable: ColumnElement[bool]
) -> Run | None:
    """The newest other run that holds the key, is of the same kind and runtime, and has a usable result."""
    table = schema.run
    query = (
        select(*COLUMNS)
        .where(table.c.cache_key == key, table.c.cached_at.is_not(None), table.c.id != run["id"])
        .where(table.c.kind.is_not_distinct_from(run["kind"]))
        .where(table.c.runtime.is_not_distinct_from(run["runtime"]))
        .where(usable)
        .order_by(table.c.cached_at.desc(), table.c.id.desc())
    )
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else to_run(row)
