"""Schedules on a real scheduler, which is killed meanwhile."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.rest import ApiError

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DAGS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from polyaxon_airflow.schedules import SCHEDULE, planned
from polyaxon_airflow.timetables import dag_arguments

SCHEDULES = {schedules}
for name, fields in SCHEDULES.items():
    plan = planned(SCHEDULE.load(fields["kind"]).model_validate(fields), timezone="UTC", catchup=True)
    arguments = dag_arguments(plan)
    with DAG(name, schedule=arguments.pop("schedule"), **arguments) as globals()[name]:
        EmptyOperator(task_id="train")
"""


@pytest.fixture(scope="module")
def began():
    return datetime.now(timezone.utc).replace(microsecond=0)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, began):
    folder = tmp_path_factory.mktemp("schedules")
    past = (began - timedelta(hours=10)).isoformat()
    schedules = {
        "limited": {"kind": "interval", "frequency": 5, "maxRuns": 8},
        "past": {"kind": "interval", "frequency": 7200, "startAt": past, "maxRuns": 3},
        "once": {"kind": "datetime", "startAt": past},
        "seconds": {"kind": "cron", "cron": "* * * * * */10", "maxRuns": 2},
        "over": {"kind": "interval", "frequency": 60, "startAt": past, "endAt": past},
    }
    (folder / "dags").mkdir()
    (folder / "dags" / "schedules.py").write_text(DAGS.format(schedules=schedules))
    settings = {
        "AIRFLOW__POLYAXON__AUTO_BUNDLE": "False",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
    }
    with EmbeddedAirflow(folder / "home", folder / "dags", settings=settings) as running:
        yield running


def runs_of(airflow, dag_id, **query):
    return airflow.client().get(f"/dags/{dag_id}/dagRuns", order_by="run_after", limit=100, **query)[
        "dag_runs"
    ]


def wait_for(airflow, dag_id, count, patience=180):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            runs = [run for run in runs_of(airflow, dag_id) if run["run_type"] == "scheduled"]
        except ApiError:
            runs = []
        if len(runs) >= count:
            return runs
        time.sleep(1)
    raise AssertionError(f"{dag_id} has {len(runs)} runs, not {count}")


def at(run):
    return datetime.fromisoformat(run["logical_date"])


def test_max_runs_holds_while_the_scheduler_is_killed_and_runs_are_cleared(airflow):
    wait_for(airflow, "limited", 2)
    os.killpg(airflow.pid("scheduler"), signal.SIGKILL)
    airflow._processes["scheduler"].wait()
    time.sleep(12)  # two ticks are missed
    airflow.start_component("scheduler")
    runs = wait_for(airflow, "limited", 8)
    for run in runs[:2]:
        airflow.client().post(f"/dags/limited/dagRuns/{run['dag_run_id']}/clear", {"dry_run": False})
    airflow.client().trigger("limited")
    time.sleep(15)  # in which a ninth would come, also by the next parses
    scheduled = [run for run in runs_of(airflow, "limited") if run["run_type"] == "scheduled"]
    assert len(scheduled) == 8
    steps = {at(after) - at(before) for before, after in pairwise(scheduled)}
    assert steps == {timedelta(seconds=5)}  # what was missed was made up for, on the same grid


def test_a_past_start_is_caught_up_with(airflow, began):
    runs = wait_for(airflow, "past", 3)
    assert [at(run) for run in runs] == [began - timedelta(hours=10 - 2 * number) for number in range(3)]


def test_an_exact_time_that_is_past_means_now(airflow, began):
    (run,) = wait_for(airflow, "once", 1)
    assert at(run) == began - timedelta(hours=10)


def test_cron_with_seconds(airflow):
    runs = wait_for(airflow, "seconds", 2)
    assert all(at(run).second % 10 == 0 for run in runs)
    assert at(runs[1]) - at(runs[0]) == timedelta(seconds=10)


def test_both_ends_count(airflow):
    assert len(wait_for(airflow, "over", 1)) == 1


def test_the_ui_shows_how_many_runs_there_were(airflow):
    wait_for(airflow, "past", 3)
    summary = airflow.client().get("/dags/past")["timetable_summary"]
    assert summary.startswith("every 2 h from ")
    assert summary.endswith(", 3 of 3 runs")


def test_a_backfill_does_not_count(airflow, began):
    wait_for(airflow, "past", 3)
    body = {
        "dag_id": "past",
        "from_date": (began - timedelta(hours=6)).isoformat(),
        "to_date": (began - timedelta(hours=1)).isoformat(),
        "reprocess_behavior": "completed",
    }
    airflow.client().post("/backfills", body)
    until = time.monotonic() + 120
    while len(runs_of(airflow, "past")) < 5 and time.monotonic() < until:
        time.sleep(1)
    types = [run["run_type"] for run in runs_of(airflow, "past")]
    assert types == [
        "scheduled",
        "scheduled",
        "backfill",
        "backfill",
        "backfill",
    ]  # one of them is the third, done again
    time.sleep(12)
    assert len(runs_of(airflow, "past")) == 5
