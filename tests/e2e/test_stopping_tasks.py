"""Clear, mark and kill: nothing that a run started survives its task."""

import os
import re
import signal
from pathlib import Path

import pytest

from polyaxon_airflow.rest import run_path

pytestmark = pytest.mark.e2e

SLEEPER = """
    kind: component
    name: sleeper
    inputs: [{name: seconds, type: int, value: 600}]
    run:
      kind: job
      container:
        image: busybox
        command: [sh, -c]
        args: ["sleep {{ seconds }} & echo pid=$!; setsid sleep {{ seconds }} & echo pid=$!; wait; echo done"]
"""


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def sleeping(driver):
    """A run that sleeps: its id and the pids of its processes, read from the log while it goes on."""
    dag_id = driver.drop("sleeper.yaml", SLEEPER)
    run_id = driver.client.trigger(dag_id)
    found = []

    def started():
        if driver.states(dag_id, run_id).get("sleeper") != "running":
            return False
        found[:] = [int(pid) for pid in re.findall(r"pid=(\d+)", driver.log(dag_id, run_id, "sleeper"))]
        return len(found) >= 2

    driver.until(started, "the log of a running task", patience=180)
    assert all(alive(pid) for pid in found)
    yield run_id, list(found)
    driver.client.patch(run_path(dag_id, run_id), {"state": "failed"})


def task_path(run_id):
    return f"{run_path('sleeper', run_id)}/taskInstances/sleeper"


def test_marking_a_task_failed_ends_its_processes(driver, sleeping):
    run_id, pids = sleeping
    driver.client.patch(task_path(run_id), {"new_state": "failed"})
    driver.until(lambda: not any(alive(pid) for pid in pids), "the processes to end")


def test_clearing_a_task_starts_afresh(driver, sleeping):
    run_id, pids = sleeping
    body = {
        "dry_run": False,
        "task_ids": ["sleeper"],
        "dag_run_id": run_id,
        "only_failed": False,
        "only_running": False,
    }
    driver.client.post("/dags/sleeper/clearTaskInstances", body)
    driver.until(lambda: not any(alive(pid) for pid in pids), "the processes to end")
    driver.until(
        lambda: driver.states("sleeper", run_id)["sleeper"] == "running",
        "the task to run again",
        patience=120,
    )


def test_a_killed_worker_takes_the_processes_with_it_and_the_run_is_tried_again(driver, sleeping):
    run_id, pids = sleeping
    shell = parent(pids[0])
    guardian = parent(shell)
    os.kill(parent(guardian), signal.SIGKILL)  # the process of the task
    driver.until(lambda: not any(alive(pid) for pid in pids), "the processes to end")
    driver.until(
        lambda: driver.tasks("sleeper", run_id)[("sleeper", -1)]["try_number"] == 2,
        "a second try",
        patience=120,
    )
