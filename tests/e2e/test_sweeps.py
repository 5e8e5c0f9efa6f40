"""Sweeps in a real Airflow: every kind of matrix, and trials that are stopped while they run."""

import json
import re
import subprocess
import sys

import pytest

from tests import components

pytestmark = pytest.mark.e2e

METRIC = "metric: {name: loss, optimization: minimize}"
SPACE = "params: {x: {kind: uniform, value: [0, 9]}}"

KINDS = f"""
kind: component
name: kinds
run:
  kind: dag
  operations:
  - name: rows
    component:
      outputs: [{{name: rows, type: list}}]
      run:
        kind: job
        container:
          image: x
          command: [sh, -c, 'echo "{{\\"rows\\": [{{\\"x\\": 4}}, {{\\"x\\": 7}}]}}" > $POLYAXON_OUTPUTS_FILE']
  - name: mapping
    dagRef: train
    params: {{rows: {{ref: ops.rows, value: outputs.rows, contextOnly: true}}}}
    matrix: {{kind: mapping, values: "{{{{ rows }}}}"}}
  - name: grid
    dagRef: train
    matrix: {{kind: grid, params: {{x: {{kind: choice, value: [3.0, 1.0]}}}}}}
  - name: random
    dagRef: train
    matrix: {{kind: random, numRuns: 2, seed: 0, {SPACE}}}
  - name: bayes
    dagRef: train
    matrix: {{kind: bayes, numInitialRuns: 1, maxIterations: 2, concurrency: 1, seed: 1, {METRIC}, {SPACE}}}
  - name: tpe
    dagRef: train
    matrix: {{kind: tpe, numRuns: 2, seed: 1, {METRIC}, {SPACE}}}
  - name: hyperopt
    dagRef: train
    matrix: {{kind: hyperopt, algorithm: anneal, numRuns: 2, seed: 1, {METRIC}, {SPACE}}}
  - name: hyperband
    dagRef: train
    matrix: {{kind: hyperband, maxIterations: 2, eta: 2, seed: 3, resume: true, resource: {{name: epochs, type: int}}, {METRIC}, {SPACE}}}
  - name: iterative
    dagRef: train
    matrix: {{kind: iterative, maxIterations: 2, tuner: {{hubRef: halving}}, {SPACE}}}
  - name: use
    params:
      x: {{ref: ops.grid, value: outputs.best.params.x}}
      loss: {{ref: ops.bayes, value: outputs.best.value}}
    component:
      inputs: [{{name: x, type: float}}, {{name: loss, type: float}}]
      run: {{kind: job, container: {{image: x, command: [echo, "the best x is {{{{ x }}}}, the least loss {{{{ loss }}}}"]}}}}
  components:
  - name: train
    inputs: [{{name: x, type: float}}, {{name: epochs, type: int, value: 1, isOptional: true}}]
    outputs: [{{name: loss, type: metric}}]
    run:
      kind: job
      container:
        image: x
        command: [sh, -c]
        args:
        - |
          cd {{{{ globals.run_outputs_path }}}}
          echo "continues after epoch $(cat done 2>/dev/null || echo 0)"
          echo {{{{ epochs }}}} > done
          echo loss={{{{ x }}}}
"""

TRIALS = {
    "mapping": 2, "grid": 2, "random": 2, "bayes": 3, "tpe": 2, "hyperopt": 2, "hyperband": 5, "iterative": 4,
}  # fmt: skip

TUNER = """
kind: component
name: halving
outputs: [{name: suggestions, type: list}]
run:
  kind: job
  init: [{file: {filename: history.json, content: "{{ history | tojson }}"}}]
  container:
    image: x
    command: [python3, -c]
    args:
    - |
      import json, os
      history = json.load(open("{{ globals.artifacts_path }}/history.json"))
      least = min(history["metrics"], default=8.0)
      suggestions = [{"x": least / 2}, {"x": least / 4}]
      json.dump({"suggestions": suggestions}, open(os.environ["POLYAXON_OUTPUTS_FILE"], "w"))
"""


def test_every_kind_of_matrix(driver):
    components.put(driver.airflow.dags, "halving", TUNER)
    dag_id = driver.drop("kinds.yaml", KINDS)
    run_id = driver.run(dag_id, patience=400)
    assert set(driver.states(dag_id, run_id).values()) == {"success"}
    found = {kind: driver.xcom(dag_id, run_id, f"{kind}.best") for kind in TRIALS}
    assert {kind: len(result["trials"]) for kind, result in found.items()} == TRIALS
    for result in found.values():
        values = [trial["value"] for trial in result["trials"]]
        assert values == sorted(values)
        assert result["best"]["value"] == values[0] == result["best"]["params"]["x"]
    assert [trial["params"] for trial in found["mapping"]["trials"]] == [{"x": 4}, {"x": 7}]
    assert [trial["value"] for trial in found["iterative"]["trials"]] == [0.5, 1.0, 2.0, 4.0]
    least = found["bayes"]["best"]["value"]
    assert f"the best x is 1.0, the least loss {least}" in driver.log(dag_id, run_id, "use")
    promoted = driver.log(dag_id, run_id, "hyperband.bracket_0_rung_1", map_index=0)
    assert "continues after epoch 1" in promoted
    labels = {key: task["rendered_map_index"] for key, task in driver.tasks(dag_id, run_id).items()}
    assert [labels["grid.trial", index] for index in (0, 1)] == ["x=3", "x=1"]


SLOW = """
        command: [sh, -c]
        args:
        - |
          for step in 1 2 3 4 5 6 7 8; do echo "step=$step loss={{ x }}"; done
          case {{ x }} in 9.0) echo pid=$$; sleep 300;; esac
"""

STOPPING = f"""
kind: component
name: stopping
run:
  kind: dag
  concurrency: 4
  operations:
  - name: policy
    dagRef: train
    matrix:
      kind: grid
      params: {{x: {{kind: choice, value: [9.0, 1.0, 2.0, 3.0]}}}}
      earlyStopping:
      - kind: metric_early_stopping
        metric: loss
        value: 0
        optimization: minimize
        policy: {{kind: median, minInterval: 4, minSamples: 3}}
  - name: goal
    dagRef: train
    dependencies: [policy]
    trigger: all_done
    matrix:
      kind: grid
      concurrency: 2
      params: {{x: {{kind: choice, value: [9.0, 0.5, 7.0]}}}}
      earlyStopping: [{{kind: metric_early_stopping, metric: loss, value: 0.5, optimization: minimize}}]
  - name: failing
    dependencies: [policy]
    trigger: all_done
    matrix:
      kind: grid
      concurrency: 1
      params: {{x: {{kind: choice, value: [1, 2, 3, 4, 5]}}}}
      earlyStopping: [{{kind: failure_early_stopping, percent: 50}}]
    component:
      inputs: [{{name: x, type: int}}]
      run: {{kind: job, container: {{image: x, command: [sh, -c, "exit 3"]}}}}
  - name: rows
    component:
      outputs: [{{name: rows, type: list}}]
      run:
        kind: job
        container:
          image: x
          command: [python3, -c]
          args:
          - import json, os; json.dump({{"rows":[{{"x":1}}] * 8193}}, open(os.environ["POLYAXON_OUTPUTS_FILE"], "w"))
  - name: too_many
    dagRef: train
    params: {{rows: {{ref: ops.rows, value: outputs.rows, contextOnly: true}}}}
    matrix: {{kind: mapping, values: "{{{{ rows }}}}"}}
  components:
  - name: train
    inputs: [{{name: x, type: float}}]
    outputs: [{{name: loss, type: metric}}]
    run:
      kind: job
      container:
        image: x{SLOW}
"""


SCHEDULED = """
kind: operation
name: scheduled_sweep
schedule: {kind: interval, frequency: 3600, startAt: "2026-01-01T00:00:00+00:00", maxRuns: 2}
matrix:
  kind: random
  numRuns: 3
  params: {x: {kind: uniform, value: [0, 9]}}
params: {due: {value: "{{ globals.schedule_at }}"}}
component:
  inputs: [{name: x, type: float}, {name: due, type: str}]
  outputs: [{name: loss, type: metric}]
  run:
    kind: job
    container: {image: x, command: [sh, -c, 'echo "the tick {{ due }}"; echo loss={{ x }}']}
"""


def test_a_sweep_that_a_schedule_starts(driver):
    dag_id = driver.drop("scheduled_sweep.yaml", SCHEDULED)

    def runs():
        return driver.client.get(f"/dags/{dag_id}/dagRuns", order_by="run_after")["dag_runs"]

    driver.until(lambda: [run["state"] for run in runs()] == ["success"] * 2, "two scheduled sweeps", 300)
    asked = set()
    for run, hour in zip(runs(), ("00", "01"), strict=True):
        run_id = run["dag_run_id"]
        assert run["run_type"] == "scheduled"
        for index in range(3):
            log = driver.log(dag_id, run_id, "scheduled_sweep.trial", map_index=index)
            assert f"the tick 2026-01-01 {hour}:00:00+00:00" in log
        result = driver.xcom(dag_id, run_id, "scheduled_sweep.best")
        assert result["best"]["value"] == min(trial["value"] for trial in result["trials"])
        asked |= {trial["params"]["x"] for trial in result["trials"]}
        shown = show(driver, dag_id, run_id, "scheduled_sweep")
        assert (shown["status"], shown["planned"], len(shown["trials"])) == ("succeeded", 3, 3)
    assert len(asked) == 6  # without a seed each run draws its own
    assert driver.details(dag_id)["timetable_summary"].endswith(", 2 of 2 runs")


def rows(driver, dag_id, run_id, sweep):
    """Params -> row of the leaderboard."""
    result = driver.xcom(dag_id, run_id, f"{sweep}.best")
    return {trial["params"]["x"]: trial for trial in result["trials"] if trial["params"]}


def test_trials_and_sweeps_are_stopped_and_say_why(driver):
    dag_id = driver.drop("stopping.yaml", STOPPING)
    run_id = driver.client.trigger(dag_id)
    driver.until(lambda: driver.states(dag_id, run_id).get("policy.trial[0]") == "running", "a trial", 120)
    shown = show(driver, dag_id, run_id, "policy")
    assert shown["status"] in ("running", "succeeded")  # the machine may be fast
    assert shown["planned"] == 4
    driver.wait(dag_id, run_id, patience=300)
    states = driver.states(dag_id, run_id)

    told = rows(driver, dag_id, run_id, "policy")
    reason = told[9.0]["reason"]  # at the last step that all had come to when it was looked at
    assert re.fullmatch(r"stopped at step [4-8]: loss 9, median of 3 trials 2", reason)
    assert {x: row["state"] for x, row in told.items()} == {
        9.0: "stopped", 1.0: "succeeded", 2.0: "succeeded", 3.0: "succeeded",
    }  # fmt: skip
    assert states["policy.trial[0]"] == "success"
    assert f"stopped: {reason}" in driver.log(dag_id, run_id, "policy.trial", map_index=0)
    assert driver.tasks(dag_id, run_id)["policy.trial", 0]["rendered_map_index"] == f"x=9: {reason}"

    reached = "trial 1 reached loss 0.5 at step 1, the goal is 0.5"
    assert rows(driver, dag_id, run_id, "goal")[9.0]["reason"] == reached
    assert [states[f"goal.trial[{index}]"] for index in range(3)] == ["success", "success", "skipped"]
    assert states["goal.best"] == "success"
    assert show(driver, dag_id, run_id, "goal")["reason"] == reached

    ends = [states[f"failing.trial[{index}]"] for index in range(5)]
    assert ends == ["failed", "failed", "failed", "skipped", "skipped"]
    assert states["failing.best"] == "failed"
    why = "3 of 5 trials failed, 50% are too many"
    assert why in driver.log(dag_id, run_id, "failing.best")
    assert why in driver.tasks(dag_id, run_id)["failing.trial", 4]["rendered_map_index"]

    assert [states[f"too_many.{task}"] for task in ("values", "best")] == ["failed", "failed"]
    limit = "the matrix has 8193 trials, and Airflow maps tasks over at most 8192 values"
    assert limit in driver.log(dag_id, run_id, "too_many.values")
    assert "Set [core] max_map_length to 8193 or more" in driver.log(dag_id, run_id, "too_many.values")


def show(driver, dag_id, run_id, sweep):
    """What `polyaxon-airflow sweep show` prints of a sweep, here and now."""
    words = ["sweep", "show", dag_id, run_id, sweep, "--format", "json"]
    code = "import sys; from polyaxon_airflow.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=driver.airflow.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
