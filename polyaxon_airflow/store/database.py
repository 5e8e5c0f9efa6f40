"""The database under a store: how it is reached, and what a transaction is on each backend."""

from __future__ import annotations

import math
import os
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    ProgrammingError,
)

from polyaxon_airflow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Dialect, Engine

_CONNECT_TIMEOUT = 10  # seconds for a server that does not answer; a listener of the scheduler waits so long
_BUSY_TIMEOUT = 60  # seconds that a writer of SQLite waits for the others
PING_AFTER = 0.1  # seconds without use, after which a connection is tried before it is used


class Database:
    """A database that is opened lazily. `write` blocks are atomic, and one sees what those before it wrote."""

    def __init__(self, url: str) -> None:
        self.url = _usable(url)
        self.engine = _engine(self.url)

    @property
    def name(self) -> str:
        """The URL without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write. On SQLite it has the write lock from its first statement on."""
        with self._errors(), self.engine.connect() as connection:
            connection.execution_options(polyaxon_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def rolled_back(self) -> Iterator[Database]:
        """This database, but all blocks are parts of one transaction, of which nothing stays."""
        with self._errors(), self.engine.connect() as connection:
            connection.execution_options(polyaxon_writes=True)
            with connection.begin() as transaction:
                yield _Within(self, connection)
                transaction.rollback()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (ProgrammingError, IntegrityError, DataError):
            raise  # our mistake, not the database's
        except DBAPIError as error:
            raise StoreError(f"the run store {self.name} cannot be used: {error.orig}") from error


class _Within(Database):
    """A database within a transaction that somebody else ends."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.url, self.engine, self._connection = database.url, database.engine, connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        yield self._connection


def _usable(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(
            f"the run store's URL cannot be read: {text!r}. Write sqlite:////path/to/file.db or "
            "postgresql://user:password@host/database."
        ) from error
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _usable_sqlite(url)
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername=f"postgresql+{_postgresql_driver(url)}")
    raise StoreError(f"a run store lives in SQLite or PostgreSQL, not in {backend!r}")


def _usable_sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        raise StoreError(
            "a run store needs a file that other processes see; write sqlite:////path/to/file.db"
        )
    path = Path(url.database).expanduser().absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the run store {path} cannot be made: {error.strerror}") from error
    return url.set(drivername="sqlite", database=str(path))


def _postgresql_driver(url: URL) -> str:
    """The driver that the URL names if it is installed, else the one that is."""
    named = url.drivername.partition("+")[2]
    for driver in (named, "psycopg", "psycopg2"):
        if driver in {"psycopg", "psycopg2"} and find_spec(driver):
            return driver
    raise StoreError(
        "a run store on PostgreSQL needs psycopg: pip install 'airflow-provider-polyaxon[postgres]'"
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # One task process asks for one thing at a time, and there may be hundreds of them.
        patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_TIMEOUT}
        engine = create_engine(url, pool_size=1, max_overflow=8, connect_args=patience)
    event.listen(engine, "connect", _remember_process)
    event.listen(engine, "checkout", _refuse_inherited)
    if url.get_backend_name() != "sqlite":
        event.listen(engine, "checkout", partial(_refuse_broken, engine.dialect))
        event.listen(engine, "checkin", _remember_use)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, see _begin_sqlite
    # Readers and one writer at a time do not wait for each other. Not on a network file system.
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "PRAGMA synchronous = NORMAL"
    )  # a killed process loses nothing, a power cut the last commits
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads first and writes later would fail at once where another has written.
    writes = connection.get_execution_options().get("polyaxon_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _remember_process(_connection: Any, record: Any) -> None:
    record.info["pid"] = os.getpid()


def _remember_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _refuse_broken(dialect: Dialect, connection: Any, record: Any, _proxy: Any) -> None:
    """A server may have restarted. `pool_pre_ping` would ask before every use, also in a burst of transactions."""
    if time.monotonic() - record.info.get("used", math.inf) < PING_AFTER:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError("the server has closed the connection") from error


def _refuse_inherited(_connection: Any, record: Any, proxy: Any) -> None:
    """A connection from before a fork belongs to the parent; the pool makes another one."""
    if record.info["pid"] != os.getpid():
        record.dbapi_connection = proxy.dbapi_connection = None
        raise DisconnectionError("a connection of the parent process")
