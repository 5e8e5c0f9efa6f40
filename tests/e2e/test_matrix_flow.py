"""What a matrix maps, in a real Airflow: approvals and hooks in the dag of each trial; days one after another."""

import itertools
import json

import pytest

from polyaxon_airflow.rest import run_path
from polyaxon_airflow.store import open_store
from tests import components

pytestmark = pytest.mark.e2e

ASKED = """
kind: operation
name: asked
matrix: {kind: mapping, values: [{x: 1}, {x: 2}]}
hooks: [{hubRef: tell-trial}]
component:
  inputs: [{name: x, type: int}]
  outputs: [{name: loss, type: metric}]
  run:
    kind: dag
    operations:
    - name: fit
      isApproved: false
      params: {x: {ref: dag, value: inputs.x}}
      hooks: [{hubRef: tell-trial}, {hubRef: tell-trial, trigger: succeeded, conditions: "{{ x > 1 }}"}]
      component:
        inputs: [{name: x, type: int}]
        outputs: [{name: loss, type: float}]
        run: {kind: job, container: {image: b, command: [sh, -c, "echo '{\\"loss\\": 0.{{ x }}}' > $POLYAXON_OUTPUTS_FILE"]}}
    - name: after
      dependencies: [fit]
      component: {run: {kind: job, container: {image: b, command: ["true"]}}}
"""
TELL = "kind: component\nrun: {kind: job, container: {image: b, command: [echo, 'told: {{ name }} {{ status }} {{ outputs }}']}}\n"


def rows(driver, dag_id, run_id):
    """Name and map index -> the run, as the store has it."""
    with open_store(f"sqlite:///{driver.airflow.home}/polyaxon/store.db") as store:
        return {(run.name, run.map_index): run for run in store.runs.of_dag_run(dag_id, run_id)}


def waits(run):
    return run is not None and run.pending == "approval"


def test_each_trial_of_a_dag_asks_and_tells_for_itself(driver):
    components.put(driver.airflow.dags, "tell-trial", TELL)
    dag_id = driver.drop("asked.yaml", ASKED)
    run_id = driver.trigger(dag_id)
    driver.answer(dag_id, run_id, "asked.trial.fit_approval", "Approve", map_index=0)
    driver.until(
        lambda: driver.states(dag_id, run_id)["asked.trial.after[0]"] == "success", "the approved trial", 180
    )
    assert driver.states(dag_id, run_id)["asked.trial.fit[1]"] is None  # the other one still waits
    driver.until(lambda: waits(rows(driver, dag_id, run_id).get(("fit", 1))), "the other question", 120)
    driver.answer(dag_id, run_id, "asked.trial.fit_approval", "Reject", map_index=1)
    driver.wait(dag_id, run_id, patience=300)

    states = driver.states(dag_id, run_id)
    first = {name.removesuffix("[0]"): state for name, state in states.items() if name.endswith("[0]")}
    assert first.pop("asked.trial.fit_hook_1") == "skipped"  # its condition is for the other trial
    assert set(first.values()) == {"success"}
    assert (states["asked.trial.fit[1]"], states["asked.trial.after[1]"]) == ("skipped", "skipped")
    assert (states["asked.trial.fit_hook_0[1]"], states["asked.trial.fit_hook_1[1]"]) == (
        "success",
        "skipped",
    )
    told = [driver.log(dag_id, run_id, "asked.trial.fit_hook_0", map_index=index) for index in (0, 1)]
    assert "told: fit succeeded {'loss': 0.1}" in told[0]
    assert "told: fit stopped {}" in told[1]
    assert driver.xcom(dag_id, run_id, "asked.best")["best"]["params"] == {"x": 1}
    assert "told: asked succeeded" in driver.log(dag_id, run_id, "asked.hook")
    found = rows(driver, dag_id, run_id)
    assert (found["fit", 0].status, found["fit", 0].meta["approved_by"]) == ("succeeded", "admin")
    assert (found["fit", 1].status, found["fit", 1].reason) == ("stopped", "rejected by admin")


@pytest.mark.slow  # tests/execution/test_pipelines.py has it without Airflow
def test_what_a_person_ends_while_it_waits_has_ended_in_the_store_too(driver):
    components.put(driver.airflow.dags, "tell-trial", TELL)
    dag_id = driver.drop("asked_in_vain.yaml", ASKED.replace("name: asked", "name: asked_in_vain"))
    run_id = driver.trigger(dag_id)
    waiting = ("asked_in_vain.trial.fit_approval", 1)
    driver.until(
        lambda: driver.tasks(dag_id, run_id).get(waiting, {}).get("state") == "awaiting_input", "the question"
    )
    driver.client.patch(run_path(dag_id, run_id), {"state": "failed"})
    sweep = ("asked_in_vain", -1)
    driver.until(lambda: rows(driver, dag_id, run_id)[sweep].status == "failed", "the sweep to end")
    ended = {name: (run.status, run.reason) for name, run in rows(driver, dag_id, run_id).items()}
    cut = "its DAG run was ended in Airflow: failed"
    assert (ended[sweep], ended["fit", 0], ended["fit", 1]) == (
        ("failed", cut),
        ("stopped", cut),
        ("stopped", cut),
    )


RANGES = """
kind: component
name: ranges
run:
  kind: dag
  operations:
  - name: days
    matrix: {kind: grid, concurrency: 1, params: {day: {kind: daterange, value: [2024-02-28, 2024-03-02, 1]}}}
    component:
      inputs: [{name: day, type: date}]
      run: {kind: job, container: {image: b, command: [echo, "filled {{ day }}"]}}
  - name: hours
    matrix:
      kind: grid
      concurrency: 1
      params: {at: {kind: datetimerange, value: ["2024-02-28T22:00:00", "2024-02-29T02:00:00", 7200]}}
    component:
      inputs: [{name: at, type: datetime}]
      run: {kind: job, container: {image: b, command: [echo, "filled {{ at }}"]}}
"""


def test_a_grid_over_days_and_over_hours_fills_them_in_order(driver):
    dag_id = driver.drop("ranges.yaml", RANGES)
    run_id = driver.run(dag_id, patience=300)
    assert driver.state(dag_id, run_id) == "success"
    found = rows(driver, dag_id, run_id)
    days, hours = (
        [found[name, index] for index in range(count)] for name, count in (("days", 3), ("hours", 2))
    )
    assert [json.dumps(run.inputs) for run in days] == [
        f'{{"day": "{day}"}}' for day in ("2024-02-28", "2024-02-29", "2024-03-01")
    ]
    assert [run.inputs["at"] for run in hours] == ["2024-02-28T22:00:00", "2024-02-29T00:00:00"]
    for runs in (days, hours):
        assert all(
            earlier.finished_at <= later.started_at for earlier, later in itertools.pairwise(runs)
        )  # concurrency: 1
    logs = [driver.log(dag_id, run_id, "days.trial", map_index=index) for index in range(3)]
    assert all(
        f"filled {day}" in log
        for day, log in zip(("2024-02-28", "2024-02-29", "2024-03-01"), logs, strict=True)
    )
    labels = {
        task["rendered_map_index"]
        for (name, _), task in driver.tasks(dag_id, run_id).items()
        if name == "days.trial"
    }
    assert labels == {"day=2024-02-28", "day=2024-02-29", "day=2024-03-01"}
