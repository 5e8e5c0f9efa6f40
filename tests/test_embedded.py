"""How the embedded Airflow is set, and what it may end; tests/e2e starts it."""

import os
import signal
import subprocess
import sys

import pytest

from polyaxon_airflow.embedded import SQLITE, EmbeddedAirflow, idle_orphans

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


# As a scheduler: a worker that is idle, and one whose task is a child of its own.
LEADER = """
import os, time
idle = os.fork()
if idle == 0:
    time.sleep(600)
busy = os.fork()
if busy == 0:
    if os.fork() == 0:
        os.write(1, f"task {os.getpid()}\\n".encode())
    time.sleep(600)
os.write(1, f"idle {idle} busy {busy}\\n".encode())  # at once: print may write word by word
time.sleep(600)
"""


@pytest.fixture
def leader():
    with subprocess.Popen(
        [sys.executable, "-c", LEADER], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_worker_with_a_task_under_it_is_not_idle(leader):
    words = [*leader.stdout.readline().split(), *leader.stdout.readline().split()]
    pids = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    assert idle_orphans(leader.pid) == []  # its leader lives
    leader.kill()
    leader.wait()
    assert idle_orphans(leader.pid) == [pids["idle"]]
