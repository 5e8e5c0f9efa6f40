"""Every test that takes `store` or `url` runs on each backend."""

import shutil

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
