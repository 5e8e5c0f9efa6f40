"""Bring a database to the newest schema, once, however many processes open it at the same time."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from polyaxon_airflow.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from polyaxon_airflow.store.database import Database

HEAD = "0003"  # the newest file in migrations/versions
VERSION_TABLE = "plx_version"
_LOCK = 0x706C785F  # "plx_": PostgreSQL's advisory lock while one process migrates


def bring_up_to_date(database: Database) -> None:
    """Run the migrations that this database lacks. Raises StoreError if it is ahead of this package."""
    with database.read() as connection:
        if _version(connection) == HEAD:
            return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _version(connection) != HEAD:  # the others may have done it while we waited
            _upgrade(connection, database.name)


def configuration() -> Config:
    """alembic's, for `upgrade` here and for the tests that compare the migrations with `schema`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    return version


def _upgrade(connection: Connection, name: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = configuration()
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its progress would stand in a task's log
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the run store {name} was written by a newer version of polyaxon_airflow; upgrade this one"
        ) from error
