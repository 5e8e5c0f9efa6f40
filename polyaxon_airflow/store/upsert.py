"""INSERT ... ON CONFLICT, which both backends have and SQLAlchemy spells once for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> Any:
    """Insert a row unless one of its keys is taken: the first column of its primary key, or None if it was taken."""
    statement = _insert(connection, table).values(row).on_conflict_do_nothing()
    return connection.scalar(statement.returning(next(iter(table.primary_key))))


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns; where the primary key is taken, the new row replaces the old one."""
    if not rows:
        return
    keys = {column.name for column in table.primary_key}
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=sorted(keys), set_=changed), rows)


def _insert(connection: Connection, table: Table) -> SqliteInsert | PostgresqlInsert:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)
