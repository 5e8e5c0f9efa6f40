"""Two schedulers on PostgreSQL, or one and a dead one: no trial is lost, asked or counted twice; the tables are as with one."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import create_engine, text

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.store import open_store
from tests import postgresql
from tests.e2e.driver import Driver
from tests.e2e.survival import Survival, parent, tasks_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(postgresql.why_not() is not None, reason=postgresql.why_not() or ""),
]

QUEUED_BY = "SELECT queued_by_job_id, count(*) FROM task_instance WHERE run_id = :run_id GROUP BY 1"


@pytest.fixture(scope="module")
def database():
    with postgresql.server() as server:
        yield server.removeprefix("postgresql")


@pytest.fixture(scope="module")
def driver(database, tmp_path_factory):
    home = tmp_path_factory.mktemp("two")
    (home / "dags").mkdir()
    settings = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2{database}/postgres",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+psycopg{database}/postgres",
        "AIRFLOW__POLYAXON__STORE_URL": f"postgresql{database}/template1",
        "AIRFLOW__POLYAXON__REFRESH_INTERVAL": "2",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    }
    with EmbeddedAirflow(home / "home", home / "dags", settings=settings) as running:
        yield Driver(running)


@contextmanager
def another_scheduler(airflow):
    """A second scheduler of an Airflow, with workers of its own."""
    with (airflow.home / "second_scheduler.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "scheduler", "--skip-serve-logs"],
            env=airflow.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def select(database):
    """Rows of a statement on Airflow's database."""
    engine = create_engine(f"postgresql+psycopg2{database}/postgres")

    def rows(statement, **values):
        with engine.connect() as connection:
            return connection.execute(text(statement), values).all()

    yield rows
    engine.dispose()


def live_schedulers(select):
    return select("SELECT id FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'")


@pytest.fixture
def second(driver, select):
    driver.until(lambda: len(live_schedulers(select)) == 1, "the end of the one before")
    with another_scheduler(driver.airflow) as process:
        driver.until(lambda: len(live_schedulers(select)) == 2, "a second scheduler")
        yield process


def test_two_schedulers_ask_and_start_each_trial_once(driver, database, select, second, tmp_path):
    sweeps = Survival(driver, "two_schedulers", tmp_path, random_trials=22, tpe_trials=8)
    driver.until(sweeps.is_over, "the sweeps", 600)
    sweeps.check(patience=60)
    by = dict(select(QUEUED_BY, run_id=sweeps.run_id))
    assert len(by) == 2, by  # both have queued tasks, or this shows nothing
    with open_store(f"postgresql{database}/template1") as store:
        runs = store.runs.of_dag_run(sweeps.dag_id, sweeps.run_id)
        trials = [run for run in runs if run.trial_index is not None]
        assert len(trials) == 30
        for sweep, expected in ((run, run.outputs["trials"]) for run in runs if run.kind == "matrix"):
            asked = store.sweeps.suggestions(sweep.uuid)
            assert [suggestion.index for suggestion in asked] == list(range(len(expected)))
            assert len({str(suggestion.params) for suggestion in asked}) == len(asked)
        starts = [Counter(c.status for c in store.runs.conditions(run.uuid))["running"] for run in trials]
        assert starts == [1] * 30
        assert {run.try_number for run in trials} == {1}


def test_sweeps_survive_one_of_two_schedulers_and_all_that_runs_under_it(driver, select, second, tmp_path):
    sweeps = Survival(driver, "one_of_two_dies", tmp_path, random_trials=30, tpe_trials=12)
    lost = []
    driver.until(
        lambda: (sweeps.ended() > 3 and lost.extend(under(second.pid, sweeps))) or lost,
        "a trial under it",
        300,
    )
    os.killpg(second.pid, signal.SIGKILL)
    for pid in lost:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sweeps.check(patience=900)


def under(scheduler, sweeps):
    """Pids of the tasks that a scheduler's workers are at."""
    return [task for _, task in tasks_of(sweeps.marks) if scheduler in ancestors(task)]


def ancestors(pid):
    found = [pid]
    while found[-1] > 1:
        found.append(parent(found[-1]))
    return found
