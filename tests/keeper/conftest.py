"""Airflow's own tables, empty, on SQLite and on PostgreSQL."""

import shutil
from uuid import uuid4

import pytest

from tests import postgresql
from tests.keeper.rows import rows_in
from tests.kube.fixtures import core, kubeconfig, namespace

__all__ = ["core", "kubeconfig", "namespace"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "airflow.db")
        return f"sqlite:///{tmp_path}/airflow.db"
    return request.getfixturevalue("postgresql_database")


@pytest.fixture
def airflow(url):
    """Rows of Airflow: a DAG `tune` of project vision, and a run of it."""
    with rows_in(url) as rows:
        yield rows


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("airflow") / "airflow.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server():
    if reason := postgresql.why_not():
        pytest.skip(reason)
    with postgresql.server() as server:
        create_tables(psycopg_url(server, "template1"))
        yield server


@pytest.fixture
def postgresql_database(postgresql_server):
    """An empty database, made from the one with the tables in it."""
    import psycopg

    name = f"airflow_{uuid4().hex}"
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return psycopg_url(postgresql_server, name)


def psycopg_url(server, database):
    return f"{server.replace('://', '+psycopg://')}/{database}"


def create_tables(url):
    import sqlalchemy as sa
    from airflow.models import import_all_models
    from airflow.models.base import Base

    import_all_models()
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
