"""Schedules on a real scheduler, which is killed meanwhile."""

import json
import os
import signal
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from polyaxon_airflow.rest import ApiError
from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e

FILE = """\
kind: operation
name: {name}
schedule: {schedule}
component:
  run: {{kind: job, container: {{image: busybox, command: [echo], args: ["due {{{{ globals.schedule_at }}}}"]}}}}
"""
PATIENCE = 240


@pytest.fixture(scope="module")
def began():
    return datetime.now(timezone.utc).replace(microsecond=0)


@pytest.fixture(scope="module", autouse=True)
def schedules(airflow, began):
    """Polyaxonfiles with schedules, all at once."""
    driver, past = Driver(airflow), (began - timedelta(hours=10)).isoformat()
    schedules = {
        "limited": {"kind": "interval", "frequency": 5, "maxRuns": 5},
        "past": {"kind": "interval", "frequency": 7200, "startAt": past, "maxRuns": 3},
        "once": {"kind": "datetime", "startAt": past},
        "seconds": {"kind": "cron", "cron": "* * * * * */10", "maxRuns": 2},
        "over": {"kind": "interval", "frequency": 60, "startAt": past, "endAt": past},
    }
    files = [airflow.dags / f"{name}.yaml" for name in schedules]
    for file, schedule in zip(files, schedules.values(), strict=True):
        file.write_text(FILE.format(name=file.stem, schedule=json.dumps(schedule)))
    driver.until(lambda: all(driver.details(name) for name in schedules), "the DAGs", PATIENCE)
    yield
    for file in files:
        file.unlink()


def runs_of(driver, dag_id):
    return driver.client.get(f"/dags/{dag_id}/dagRuns", order_by="run_after", limit=100)["dag_runs"]


def scheduled(driver, dag_id, count):
    """The runs that the schedule has made, once there are `count`."""

    def found():
        return [run for run in runs_of(driver, dag_id) if run["run_type"] == "scheduled"]

    driver.until(lambda: len(found()) >= count, f"{count} runs of {dag_id}", PATIENCE)
    return found()


def ended(run):
    return run["state"] in ("success", "failed")


def at(run):
    return datetime.fromisoformat(run["logical_date"])


def is_over(driver, dag_id):
    """Whether the scheduler knows of no next run, and the dag-processor, asked anew, of none either."""
    before = driver.details(dag_id)["last_parsed_time"]
    driver.until(lambda: driver.details(dag_id)["last_parsed_time"] > before, "another parse", PATIENCE)
    return driver.details(dag_id)["next_dagrun_run_after"] is None


def test_a_past_start_is_caught_up_with_and_runs_know_their_time(driver, began):
    runs = scheduled(driver, "past", 3)
    ticks = [began - timedelta(hours=10 - 2 * number) for number in range(3)]
    assert [at(run) for run in runs] == ticks
    driver.wait("past", runs[1]["dag_run_id"], patience=PATIENCE)
    assert f"due {ticks[1]}" in driver.log("past", runs[1]["dag_run_id"], "past")


def test_the_ui_says_how_many_runs_there_were(driver):
    scheduled(driver, "past", 3)
    assert is_over(driver, "past")
    summary = driver.details("past")["timetable_summary"]
    assert summary.startswith("every 2 h from ")
    assert summary.endswith(", 3 of 3 runs")


def test_a_backfill_does_not_count_and_nothing_goes_on_from_it(driver, began):
    scheduled(driver, "past", 3)
    later = {"from_date": (began - timedelta(hours=5)).isoformat(), "to_date": began.isoformat()}
    driver.until(lambda: is_backfilled(driver, {"dag_id": "past", **later}), "a backfill", PATIENCE)
    driver.until(lambda: len(runs_of(driver, "past")) == 6, "the runs of the backfill", PATIENCE)
    assert is_over(driver, "past")
    assert driver.details("past")["timetable_summary"].endswith(", 3 of 3 runs")
    assert [run["run_type"] for run in runs_of(driver, "past")] == ["scheduled"] * 3 + ["backfill"] * 3


def is_backfilled(driver, asked):
    """Whether Airflow takes a backfill; on SQLite it cannot while somebody else writes."""
    try:
        return driver.client.post("/backfills", asked)
    except ApiError as error:
        if error.status == 500:
            return None
        raise


def test_an_exact_time_that_is_past_means_now(driver, began):
    (run,) = scheduled(driver, "once", 1)
    assert at(run) == began - timedelta(hours=10)


def test_cron_with_seconds(driver):
    first, second = scheduled(driver, "seconds", 2)
    assert (at(first).second % 10, at(second) - at(first)) == (0, timedelta(seconds=10))


def test_both_ends_count(driver):
    assert len(scheduled(driver, "over", 1)) == 1
    assert is_over(driver, "over")


def test_max_runs_holds_while_the_scheduler_is_killed_and_runs_are_cleared(driver):
    scheduled(driver, "limited", 2)
    others = ("past", "once", "seconds", "over")  # their tasks are not to die with it
    driver.until(
        lambda: all(ended(run) for name in others for run in runs_of(driver, name)), "the others", PATIENCE
    )
    os.killpg(driver.airflow.pid("scheduler"), signal.SIGKILL)
    driver.airflow.start_component("scheduler")  # takes longer than a tick
    runs = scheduled(driver, "limited", 5)
    for run in runs[:2]:
        driver.until(lambda run=run: is_cleared(driver, run), "a clear", PATIENCE)
    driver.client.trigger("limited")
    assert is_over(driver, "limited")
    runs = scheduled(driver, "limited", 5)
    steps = [at(after) - at(before) for before, after in pairwise(runs)]
    assert steps == [timedelta(seconds=5)] * 4  # what was missed was made up for, on the same grid


def is_cleared(driver, run):
    """Whether Airflow clears a run now; on SQLite it cannot while somebody else writes."""
    try:
        return driver.client.post(f"/dags/limited/dagRuns/{run['dag_run_id']}/clear", {"dry_run": False})
    except ApiError as error:
        if error.status == 500:
            return None
        raise
