"""Sweeps, trial by trial, without Airflow."""

import pytest

from tests.execution.flow import World

SWEEP = """
kind: operation
name: search
matrix: {matrix}
component:
  inputs: [{{name: x, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run:
    kind: job
    container:
      image: x
      command: [sh, -c]
      args: ["{script}"]
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def sweep(world, matrix, script="echo step=1 loss={{ x }}"):
    return world.run(SWEEP.format(matrix=matrix, script=script))


def trials(run):
    return run.outputs("search.best")["trials"]


def test_a_grid_is_tried_in_order_and_ranked_by_its_metric(world):
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [3.0, 1.0, 2.0]}}}")
    assert [(t["index"], t["value"]) for t in trials(run)] == [(1, 1.0), (2, 2.0), (0, 3.0)]
    assert run.outputs("search.best")["best"]["params"] == {"x": 1.0}


def test_values_given_row_by_row(world):
    run = sweep(world, "{kind: mapping, values: [{x: 5.0}, {x: 4.0}]}")
    assert [t["params"] for t in trials(run)] == [{"x": 4.0}, {"x": 5.0}]


def test_a_failed_trial_and_one_that_never_reports_are_outcomes(world):
    script = "case {{ x }} in 1.0) exit 3;; 2.0) echo nothing;; *) echo loss=0.5;; esac"
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}", script)
    told = {t["params"]["x"]: (t["state"], t["value"], t["reason"]) for t in trials(run)}
    assert told[3.0] == ("succeeded", 0.5, "")
    assert told[2.0] == ("succeeded", None, "never reported 'loss'")
    assert told[1.0][0] == "failed"
    assert "exited with code 3" in told[1.0][2]
    assert run.statuses()["search.best"] == "succeeded"


def test_a_sweep_whose_trials_all_fail_says_why(world):
    run = sweep(world, "{kind: grid, params: {x: {kind: choice, value: [1.0, 2.0]}}}", "exit 7")
    assert run.statuses()["search.best"] == "failed"
    assert (
        "none of 2 trials has succeeded; the first: the main container exited with code 7"
        in run.ended["search.best"].reason
    )


def test_a_finite_space_is_exhausted_without_repeats(world):
    run = sweep(
        world, "{kind: random, numRuns: 9, seed: 0, params: {x: {kind: choice, value: [1.0, 2.0, 3.0]}}}"
    )
    assert sorted(t["params"]["x"] for t in trials(run) if t["params"]) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", ["tpe", "bayes"])
def test_adaptive_searches_run(world, kind):
    extra = {
        "tpe": "numRuns: 6, maxIterations: 1",
        "bayes": "numInitialRuns: 3, maxIterations: 4, utilityFunction: {acquisitionFunction: ucb, kappa: 1.2}",
    }
    matrix = f"{{kind: {kind}, {extra[kind]}, seed: 1, metric: {{name: loss, optimization: minimize}}, params: {{x: {{kind: uniform, value: [0, 9]}}}}}}"
    run = sweep(world, matrix)
    rows = trials(run)
    assert len(rows) >= 6
    assert [t["value"] for t in rows] == sorted(t["value"] for t in rows)
    assert all(t["state"] == "succeeded" for t in rows)
