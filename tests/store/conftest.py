"""Every test that takes `store` or `url` runs on each backend."""

import shutil
from contextlib import closing

import pytest

from polyaxon_airflow.store import open_store
from tests import postgresql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    """The URL of an empty, migrated store."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path}/store.db"
    return request.getfixturevalue("emptied_postgresql")


@pytest.fixture
def store(url):
    with open_store(url) as store:
        yield store


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(request, tmp_path_factory):
    """A store that the tests of a module share; the module fills it and its tests only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared')}/store.db"
    else:
        url = request.getfixturevalue("make_database")("shared_" + request.module.__name__.rpartition(".")[2])
    with open_store(url) as store:
        yield store


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "store.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgresql_server():
    if reason := postgresql.why_not():
        pytest.skip(reason)
    with postgresql.server() as server:
        yield server


@pytest.fixture(scope="session")
def make_database(postgresql_server):
    """Makes a database with nothing in it; its URL."""
    import psycopg

    def make(name):
        with closing(psycopg.connect(f"{postgresql_server}/postgres", autocommit=True)) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
        return f"{postgresql_server}/{name}"

    return make


@pytest.fixture(scope="session")
def postgresql_store(postgresql_server):
    url = f"{postgresql_server}/postgres"
    open_store(url).close()
    return url


@pytest.fixture
def emptied_postgresql(postgresql_store):
    import psycopg

    with psycopg.connect(postgresql_store) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'plx\\_%' AND tablename <> 'plx_version'"
        )
        names = ", ".join(name for (name,) in tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return postgresql_store
