"""kill -9 of anything during sweeps: no trial is lost, none counts twice, and the tables are as if nothing had been."""

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.execution.lost import LOST
from polyaxon_airflow.store import open_store
from polyaxon_airflow.store.lifecycle import DONE
from tests.e2e.driver import Driver
from tests.e2e.survival import Survival

pytestmark = pytest.mark.e2e


def test_sweeps_survive_kills_of_each_kind(driver, tmp_path):
    sweeps = Survival(driver, "survive", tmp_path, random_trials=10, tpe_trials=5)
    kills = ["task", "triggerer", "task", "scheduler", "dag-processor", "task"]
    sweeps.kill_at(kills, seed=1, patience=300)
    sweeps.check(patience=400)
    assert sweeps.killed == kills


@pytest.fixture(scope="module")
def quick_to_notice(tmp_path_factory):
    """An Airflow that soon knows of a worker that is gone, for it cannot be asked to be told."""
    home = tmp_path_factory.mktemp("survival")
    (home / "dags").mkdir()
    settings = {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    }
    with EmbeddedAirflow(home / "home", home / "dags", settings=settings) as running:
        yield Driver(running)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["task", "worker", "scheduler", "triggerer", "dag-processor"])
def test_sweeps_survive_twenty_kills(quick_to_notice, tmp_path, part):
    name = f"survive_{part.replace('-', '_')}"
    sweeps = Survival(quick_to_notice, name, tmp_path, random_trials=38, tpe_trials=12)
    sweeps.kill_at([part] * 20, seed=2, patience=1200)
    sweeps.check(patience=1200)
    assert len(sweeps.killed) >= 15  # the sweeps may be over before the last points come


POISON = """
kind: component
name: poison
run:
  kind: dag
  operations:
  - {name: alone, dagRef: job, params: {x: {value: 1}}}
  - {name: sweep, dagRef: job, matrix: {kind: grid, params: {x: {kind: choice, value: [1, 2]}}}}
  components:
  - name: job
    cache: {disable: true}
    inputs: [{name: x, type: int}]
    outputs: [{name: loss, type: metric}]
    run:
      kind: job
      container:
        image: x
        command: [sh, -c]
        # Of a shell the parent is the guardian, and the parent of that is the task.
        args: ["echo loss={{ x }}; [ {{ x }} = 2 ] || kill -9 $(awk '{print $4}' /proc/$PPID/stat); sleep 1"]
"""


@pytest.mark.slow
def test_what_kills_its_worker_each_time_is_a_failure_at_last(driver):
    driver.drop("poison.yaml", POISON)
    run_id = driver.trigger("poison")
    assert driver.wait("poison", run_id, patience=400) == "failed"
    rows = driver.xcom("poison", run_id, "sweep.best")["trials"]
    assert {row["params"]["x"]: (row["state"], row["reason"]) for row in rows} == {
        1: ("failed", LOST),
        2: ("succeeded", ""),
    }
    with open_store(f"sqlite:///{driver.airflow.home}/polyaxon/store.db") as store:
        driver.until(
            lambda: store.runs.of_task("poison", run_id, "alone").status in DONE, "the end in the store"
        )
        runs = store.runs.of_dag_run("poison", run_id)
    told = {(run.name, run.trial_index): (run.status, run.reason) for run in runs}
    assert told["alone", None] == told["sweep", 0] == ("failed", LOST)
    assert told["poison", None][0] == "failed"
