"""`polyaxon-airflow runs` against a real Airflow: it says the same as the REST API."""

import json
import os
import subprocess
import sys

import pytest

from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e

SWEEP = """
kind: operation
name: compared
matrix:
  kind: grid
  concurrency: 2
  params:
    lr: {kind: choice, value: [0.1, 0.5, 0.3]}
  earlyStopping:
    - {kind: metric_early_stopping, metric: loss, value: -1, optimization: minimize}
component:
  inputs: [{name: lr, type: float}]
  run:
    kind: job
    container:
      image: busybox
      command: [sh, -c]
      args: ["echo the rate is {{ lr }}; echo step=1 loss={{ lr }}; echo step=2 loss=0{{ lr }}"]
"""


@pytest.fixture(scope="module")
def sweep(airflow):
    driver = Driver(airflow)
    dag_id = driver.drop("compared.yaml", SWEEP)
    return dag_id, driver.run(dag_id)


@pytest.fixture
def runs(airflow):
    """What a command prints, with the store that Airflow's configuration names."""

    def call(*arguments):
        code = "import sys; from polyaxon_airflow.cli import main; sys.exit(main(sys.argv[1:]))"
        ended = subprocess.run(
            [sys.executable, "-c", code, "runs", *arguments],
            env={**os.environ, **airflow.environment(), "AIRFLOW_PASSWORD": airflow.password},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return call


def trials(runs, sort):
    listed = json.loads(
        runs("ls", "-q", "name:compared, metrics.loss:>0", "--sort", sort, "--format", "json")
    )
    return listed["runs"]


def test_ls_says_what_airflow_says(sweep, runs, driver):
    found = trials(runs, "-metrics.loss")
    assert [run["inputs"]["lr"] for run in found] == [0.5, 0.3, 0.1]
    tasks = driver.tasks(*sweep)
    for run in found:
        task = tasks[run["task_id"], run["map_index"]]
        assert (run["status"], task["state"]) == ("succeeded", "success")
        assert (run["dag_id"], run["dag_run_id"]) == sweep


def test_logs_are_those_of_the_trial(sweep, runs, airflow):
    best, *_ = trials(runs, "metrics.loss")
    log = runs("logs", best["uuid"][:12], "--url", airflow.url, "--user", "admin")
    assert "the rate is 0.1" in log


def test_compare_shows_the_params(sweep, runs):
    compared = json.loads(
        runs(
            "compare", "-q", "name:compared, metrics.loss:~nil", "--sort", "metrics.loss", "--format", "json"
        )
    )
    assert compared["values"]["inputs.lr"] == [0.1, 0.3, 0.5]
    assert compared["values"]["outputs.loss"] == [0.1, 0.3, 0.5]
