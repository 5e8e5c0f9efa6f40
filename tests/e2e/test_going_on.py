"""Runs that go on from earlier ones in a real Airflow: of a dag what failed, the whole of it, one operation alone."""

import json

import pytest

from polyaxon_airflow.cli import main

pytestmark = pytest.mark.e2e

HALFWAY = """
kind: component
name: halfway
inputs: [{name: rows, type: int, value: 1}]
run:
  kind: dag
  operations:
  - name: prepare
    params: {rows: {ref: dag, value: inputs.rows}}
    component:
      inputs: [{name: rows, type: int}]
      outputs: [{name: kept, type: int}]
      run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"kept\\": {{ rows }}}' > $POLYAXON_OUTPUTS_FILE"]}}
  - name: fit
    params: {kept: {ref: ops.prepare, value: outputs.kept}}
    component:
      inputs: [{name: kept, type: int}]
      run: {kind: job, container: {image: b, command: [sh, -c, "test -e REPAIRED && echo fitted {{ kept }}"]}}
  - name: publish
    dependencies: [fit]
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
"""


@pytest.fixture
def polyaxon(driver, capsys):
    """`polyaxon-airflow runs ...` against the Airflow of the tests: its exit code, and what it prints."""
    store = ["--store", f"sqlite:///{driver.airflow.home}/polyaxon/store.db"]
    here = ["--home", str(driver.airflow.home)]

    def call(command, *arguments):
        where = [*store, *(here if command in ("restart", "resume", "copy") else ())]
        code = main(["runs", command, *arguments, *where])
        said = capsys.readouterr()
        return code, (said.out + said.err).strip()

    return call


def runs_of(polyaxon, dag_id):
    """What `runs ls` and `runs get` say of the runs of a DAG, oldest first: those of the newest DAG run come last."""
    code, text = polyaxon(
        "ls",
        "--sort",
        "created_at",
        "--limit",
        "100",
        "--format",
        "json",
        "-q",
        f"name:{dag_id}|prepare|fit|publish",
    )
    assert code == 0, text
    return [run for run in json.loads(text)["runs"] if run["dag_id"] == dag_id]


def named(runs, name):
    return [run for run in runs if run["name"] == name]


def test_a_dag_that_failed_half_way_goes_on_and_is_done_again(driver, polyaxon, tmp_path):
    repaired = tmp_path / "repaired"
    dag_id = driver.drop("halfway.yaml", HALFWAY.replace("REPAIRED", str(repaired)))
    first = driver.run(dag_id, {"rows": 5})
    assert driver.states(dag_id, first) == {
        "prepare": "success",
        "fit": "failed",
        "publish": "upstream_failed",
    }
    whole, prepare, fit = runs_of(polyaxon, dag_id)  # the dag has begun first, and nothing of it but these
    assert (whole["name"], whole["status"], whole["reason"]) == ("halfway", "failed", "fit failed")
    assert (whole["kind"], whole["inputs"], whole["dag_run_id"]) == ("dag", {"rows": 5}, first)
    assert (prepare["status"], fit["status"], fit["pipeline"]) == ("succeeded", "failed", whole["uuid"])
    told = json.loads(polyaxon("get", fit["uuid"], "--format", "json")[1])
    assert [(edge["upstream"], edge["kind"], edge["values"]) for edge in told["edges"]] == [
        (prepare["uuid"], "dag", {"kept": "outputs.kept"})
    ]

    code, said = polyaxon("resume", fit["uuid"])
    assert (code, f"resume that: {whole['uuid']}" in said) == (1, True)
    assert "only what is all of a DAG run can be copied" in polyaxon("copy", fit["uuid"])[1]
    repaired.touch()
    assert polyaxon("resume", whole["uuid"]) == (0, first)
    assert driver.wait(dag_id, first) == "success"
    tasks = driver.tasks(dag_id, first)
    tries = {name: tasks[(name, -1)]["try_number"] for name in ("prepare", "fit", "publish")}
    assert (tries["prepare"], tries["publish"]) == (1, 1)
    assert tries["fit"] == 2
    assert "fitted 5" in driver.log(dag_id, first, "fit", attempt=2)
    resumed = runs_of(polyaxon, dag_id)
    assert (named(resumed, "halfway")[0]["uuid"], named(resumed, "halfway")[0]["status"]) == (
        whole["uuid"],
        "succeeded",
    )
    assert len(named(resumed, "halfway")) == len(named(resumed, "prepare")) == 1

    assert polyaxon("restart", prepare["uuid"]) == (0, first)  # alone, in its place
    assert driver.wait(dag_id, first) == "success"
    alone = runs_of(polyaxon, dag_id)
    again = named(alone, "prepare")[-1]
    assert (again["uuid"] != prepare["uuid"], again["cloning_kind"], again["outputs"]) == (
        True,
        None,
        {"kept": 5},
    )
    assert len(named(alone, "fit")) == len(named(resumed, "fit"))
    assert named(alone, "halfway")[0]["status"] == "succeeded"

    code, second = polyaxon("restart", whole["uuid"])
    assert (code, second != first) == (0, True)
    assert driver.wait(dag_id, second) == "success"
    assert "fitted 5" in driver.log(dag_id, second, "fit")
    *_, copy, new_prepare, new_fit, _ = runs_of(polyaxon, dag_id)
    assert (copy["original"], copy["cloning_kind"], copy["inputs"]) == (whole["uuid"], "restart", {"rows": 5})
    assert {new_prepare["cloning_kind"], new_fit["cloning_kind"]} == {None}  # nothing came from the cache
