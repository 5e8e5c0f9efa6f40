"""Lineage: what runs made and took, and which run comes from which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.records import Artifact, Edge
from polyaxon_airflow.store.rows import lock_run
from polyaxon_airflow.store.upsert import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.store.database import Database


@dataclass(frozen=True)
class Lineage:
    """`store.lineage`."""

    database: Database

    def log(self, uuid: str, artifacts: Iterable[Artifact]) -> None:
        """Add artifacts to a run; of the same name and direction, the last stands. Raises StoreError without the run."""
        with self.database.write() as connection:
            run_id = lock_run(connection, uuid)["id"]
            last = {(artifact.name, artifact.is_input): artifact for artifact in artifacts}
            put(
                connection,
                schema.artifact,
                [{"run_id": run_id, **vars(artifact)} for artifact in last.values()],
            )

    def artifacts(self, uuid: str) -> list[Artifact]:
        """The artifacts of a run, by name."""
        table = schema.artifact
        query = (
            select(table.c.name, table.c.kind, table.c.path, table.c.summary, table.c.is_input)
            .join(schema.run, schema.run.c.id == table.c.run_id)
            .where(schema.run.c.uuid == uuid)
            .order_by(table.c.name, table.c.is_input)
        )
        with self.database.read() as connection:
            return [Artifact(*row) for row in connection.execute(query)]

    def link(self, edges: Iterable[Edge]) -> None:
        """Add edges; of the same runs and kind, the last stands."""
        last = {(edge.upstream, edge.downstream, edge.kind): edge for edge in edges}
        if not last:
            return  # without the write lock of SQLite
        with self.database.write() as connection:
            put(connection, schema.edge, [vars(edge) for edge in last.values()])

    def edges(self, uuid: str) -> list[Edge]:
        """The edges from and to a run."""
        table = schema.edge
        query = (
            select(table.c.upstream, table.c.downstream, table.c.kind, table.c["values"])
            .where(or_(table.c.upstream == uuid, table.c.downstream == uuid))
            .order_by(table.c.kind, table.c.upstream, table.c.downstream)
        )
        with self.database.read() as connection:
            return [Edge(*row) for row in connection.execute(query)]
