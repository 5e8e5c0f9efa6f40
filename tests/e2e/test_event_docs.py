"""What docs/events.md shows of starting runs from elsewhere, run as it stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        shutil.which("jq") is None or shutil.which("curl") is None, reason="curl or jq is not installed"
    ),
]

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "events.md").read_text().partition("## From elsewhere")[2]
TRAIN = """
kind: operation
name: train
component:
  inputs:
  - {name: lr, type: float, value: 0.1, isOptional: true}
  - {name: tag, type: str, value: none, isOptional: true}
  run: {kind: job, container: {image: busybox, command: [sh, -c], args: ["echo rate {{ lr }} of tag {{ tag }}, size $SIZE"]}}
"""
BIG = "isPreset: true\nrunPatch: {container: {env: [{name: SIZE, value: big}]}}\n"
WAITS = """
kind: operation
name: labels
events: [{kinds: [project_custom_event], ref: events.new-labels}]
component:
  inputs: [{name: key, type: str, value: "{{ globals.event.key }}"}]
  run: {kind: job, container: {image: busybox, command: [echo], args: ["labels of {{ key }}"]}}
"""


def block(language, section, number=0):
    """A block of code of the page."""
    text = PAGE.partition(f"### {section}")[2].partition("\n### ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


@pytest.fixture
def environment(airflow):
    body = json.dumps({"username": "admin", "password": airflow.password})
    answer = subprocess.run(
        ["curl", "-sS", "-H", "Content-Type: application/json", "-d", body, f"{airflow.url}/auth/token"],
        capture_output=True,
        check=True,
    )
    token = json.loads(answer.stdout)["access_token"]
    return {**os.environ, "AIRFLOW_URL": airflow.url, "AIRFLOW_TOKEN": token}


@pytest.fixture
def drop(driver):
    dropped = []

    def put(name, text):
        dropped.append(driver.airflow.dags / f"{name}.yaml")
        return driver.drop(f"{name}.yaml", text)

    yield put
    for file in dropped:
        file.unlink()


def token_of_a_viewer(airflow):
    """Airflow's own, for a user of its simple auth manager who may see everything and do nothing."""
    code = (
        "from airflow.api_fastapi.app import create_auth_manager as made\n"
        "from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser as User\n"
        "print(made().generate_jwt(User(username='vera', role='viewer')))"
    )
    told = done(sys.executable, "-c", code, environment=airflow.environment())
    return told.splitlines()[-1]


def done(*command, environment):
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def workflow(file, environment, **event):
    """Run the steps of a GitHub workflow, as GitHub does: expressions into `env`, the script by `bash -e`."""
    found = yaml.safe_load((DOCS / "github" / file).read_text())
    known = {
        "vars.AIRFLOW_URL": environment["AIRFLOW_URL"],
        "secrets.AIRFLOW_TOKEN": environment["AIRFLOW_TOKEN"],
        **event,
    }
    (job,) = found["jobs"].values()
    for step in job["steps"]:
        given = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], text)
            for name, text in step["env"].items()
        }
        bare = {name: value for name, value in environment.items() if not name.startswith("AIRFLOW")}
        done(
            "bash",
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            step["run"],
            environment={**bare, **given},
        )


def test_the_workflows_that_ship_are_those_of_the_page():
    shown = {yaml.safe_load(text)["name"]: text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)}
    shipped = {file.stem: file.read_text() for file in (DOCS / "github").glob("*.yml")}
    assert shown == shipped


def test_a_polyaxonfile_is_run_from_elsewhere_with_params_and_presets(driver, drop, environment):
    (driver.airflow.dags / "presets").mkdir(exist_ok=True)
    (driver.airflow.dags / "presets" / "big.yaml").write_text(BIG)
    dag_id = drop("train", TRAIN)
    section = "Running a polyaxonfile"
    done("bash", "-ec", block("bash", section), environment=environment)
    done(sys.executable, "-c", block("python", section), environment=environment)
    workflow("train.yml", environment, **{"github.event.release.tag_name": "v1.2"})
    runs = driver.client.get(f"/dags/{dag_id}/dagRuns", order_by="run_after")["dag_runs"]
    assert [run["conf"] for run in runs] == [
        {"lr": 0.01, "presets": ["big"]},
        {"lr": 0.01, "presets": ["big"]},
        {"tag": "v1.2", "presets": ["big"]},
    ]
    logs = []
    for run in runs:
        assert driver.wait(dag_id, run["dag_run_id"], patience=180) == "success"
        logs.append(driver.log(dag_id, run["dag_run_id"], dag_id))
    assert ["rate 0.01 of tag none, size big" in log for log in logs] == [True, True, False]
    assert "rate 0.1 of tag v1.2, size big" in logs[2]


def test_an_event_is_posted_from_elsewhere(driver, drop, environment):
    dag_id = drop("labels", WAITS)
    post = ["bash", "-ec", block("bash", "Posting an event")]
    looks_on = {**environment, "AIRFLOW_TOKEN": token_of_a_viewer(driver.airflow)}
    refused = subprocess.run(post, env=looks_on, capture_output=True, text=True, check=False)
    assert (refused.returncode, "403" in refused.stderr) == (22, True)  # curl's code for a refusal
    done(*post, environment=environment)
    workflow("tell-airflow.yml", environment, **{"github.sha": "5f29156b"})
    workflow("tell-airflow.yml", environment, **{"github.sha": "5f29156b"})  # run again: still one event
    keys = ["2026-01-01", "5f29156b"]

    def runs():
        return driver.client.get(f"/dags/{dag_id}/dagRuns", order_by="run_after")["dag_runs"]

    driver.until(lambda: len(runs()) >= len(keys), "a run for each event", 180)
    dispatched = f"/dags/{dag_id}.events/dagRuns"
    driver.until(
        lambda: all(run["state"] == "success" for run in driver.client.get(dispatched)["dag_runs"]),
        "the dispatcher",
        180,
    )
    assert [run["conf"]["event"]["key"] for run in runs()] == keys
    for run, key in zip(runs(), keys, strict=True):
        assert driver.wait(dag_id, run["dag_run_id"], patience=180) == "success"
        assert f"labels of {key}" in driver.log(dag_id, run["dag_run_id"], dag_id)
