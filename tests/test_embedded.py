"""How the embedded Airflow is set; tests/e2e starts it."""

import subprocess
import sys

import pytest

from polyaxon_airflow.embedded import SQLITE, EmbeddedAirflow

PATIENCE = """
import asyncio
from airflow import settings

async def ask():
    async with settings.async_engine.connect() as connection:
        return (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()

with settings.engine.connect() as connection:
    print(connection.exec_driver_sql("PRAGMA busy_timeout").scalar(), asyncio.run(ask()))
"""


def test_its_components_wait_for_a_database_that_is_busy(tmp_path):
    """A triggerer whose write SQLite refuses ends, and with Python's 5 s that is soon."""
    environment = EmbeddedAirflow(tmp_path / "home", tmp_path / "dags").environment()
    done = subprocess.run(
        [sys.executable, "-c", PATIENCE], env=environment, capture_output=True, text=True, check=True
    )
    assert "60000 60000" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("sqlite:////tmp/airflow.db", SQLITE.keys(), id="SQLite"),
        pytest.param(
            "postgresql+psycopg2://airflow@db/airflow", set(), id="PostgreSQL, which takes no such argument"
        ),
    ],
)
def test_only_sqlite_is_told_to_wait(tmp_path, url, told):
    settings = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    environment = EmbeddedAirflow(tmp_path / "home", tmp_path / "dags", settings=settings).environment()
    assert environment.keys() & SQLITE.keys() == told
