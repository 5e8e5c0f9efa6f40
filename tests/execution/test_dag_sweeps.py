"""A matrix over a dag: each trial is the whole dag with its params (spec sections 2.11 and 2.25)."""

import pytest

from polyaxon_airflow.errors import CompilationError
from tests.execution.flow import World

SWEEP = """
kind: operation
name: tune
matrix: MATRIX
component:
  inputs: [{name: x, type: float}]
  outputs: [{name: loss, type: metric}]
  run:
    kind: dag
    operations:
    - name: prepare
      params: {x: {ref: dag, value: inputs.x}}
      component:
        inputs: [{name: x, type: float}]
        outputs: [{name: y, type: float}]
        run:
          kind: job
          container: {image: b, command: [sh, -c, "echo '{\\"y\\": {{ x }}}' > $POLYAXON_OUTPUTS_FILE"]}
    - name: sub
      params: {y: {ref: ops.prepare, value: outputs.y}}
      component:
        inputs: [{name: y, type: float}]
        outputs: [{name: loss, type: float}]
        run:
          kind: dag
          operations:
          - name: fit
            params: {y: {ref: dag, value: inputs.y}}
            component:
              inputs: [{name: y, type: float}]
              outputs: [{name: loss, type: float}]
              run:
                kind: job
                container: {image: b, command: [sh, -c, "echo '{\\"loss\\": {{ y }}}' > $POLYAXON_OUTPUTS_FILE; SCRIPT"]}
"""
MAPPING = "{kind: mapping, values: [{x: 0.5}, {x: 0.25}, {x: 0.75}]}"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def sweep(matrix=MAPPING, script="true"):
    return SWEEP.replace("MATRIX", matrix).replace("SCRIPT", script)


def test_the_trials_are_a_mapped_group(world):
    plan = world.plan(sweep())
    assert [(group.id, group.mapped) for group in plan.groups] == [
        ("tune", None),
        ("tune.trial", 3),
        ("tune.trial.sub", None),
    ]
    assert [node.id for node in plan.nodes] == [
        "tune.trial.params", "tune.trial.prepare", "tune.trial.sub.gate", "tune.trial.sub.fit", "tune.trial.sub.outcome",
        "tune.trial.outcome", "tune.best",
    ]  # fmt: skip


def test_each_trial_is_the_dag_with_its_params(world):
    run = world.run(sweep())
    assert run.ended["tune.best"].status == "succeeded"
    best = run.outputs("tune.best")["best"]
    assert (best["index"], best["params"], best["value"]) == (1, {"x": 0.25}, 0.25)
    assert run.labels == ["x=0.5", "x=0.25", "x=0.75"]
    dag = world.store.runs.get(best["uuid"])
    assert (dag.kind, dag.inputs, dag.outputs, dag.trial_index) == ("dag", {"x": 0.25}, {"loss": 0.25}, 1)
    inner = {run.name: run.map_index for run in world.store.runs.children(dag.uuid)}
    assert inner == {"prepare": 1, "sub": 1}


def test_a_trial_whose_dag_failed_is_a_failed_trial(world):
    run = world.run(sweep(script="[ {{ y }} != 0.25 ]"))
    rows = {row["index"]: row["state"] for row in run.outputs("tune.best")["trials"]}
    assert rows == {0: "succeeded", 1: "failed", 2: "succeeded"}
    assert run.outputs("tune.best")["best"]["index"] == 0


def test_a_goal_that_one_dag_reaches_ends_the_sweep(world):
    goal = "[{kind: metric_early_stopping, metric: loss, value: 0.3, optimization: minimize}]"
    run = world.run(sweep(MAPPING[:-1] + f", earlyStopping: {goal}}}"))
    assert run.ended["tune.trial.params[2]"].status == "skipped"
    assert run.ended["tune.trial.params[2]"].reason == "trial 1 reached loss 0.25 at step 0, the goal is 0.3"
    assert run.ended["tune.best"].status == "succeeded"


def test_a_matrix_with_templates_is_counted_by_the_run(world):
    text = sweep("{kind: mapping, values: '{{ rows }}'}").replace(
        "component:\n  inputs: [",
        "component:\n  inputs: [{name: rows, type: dict, isList: true, value: [{x: 1.5}, {x: 0.5}]}, ",
        1,
    )
    assert world.run(text).outputs("tune.best")["best"]["params"] == {"x": 0.5}


@pytest.mark.parametrize(
    ("matrix", "change", "sentence"),
    [
        pytest.param(
            "{kind: hyperband, maxIterations: 9, eta: 3, resource: {name: x, type: float}, metric: {name: loss, optimization: minimize}, params: {}}",
            {}, "hyperband needs them in rounds", id="hyperband",
        ),
        pytest.param(MAPPING, {"- name: fit": "- name: fit\n            matrix: {kind: grid, params: {y: {kind: choice, value: [1]}}}"}, "operation 'fit' is a sweep", id="a sweep inside"),
        pytest.param(MAPPING, {"- name: sub": "- name: sub\n      events: [{kinds: [run_status_running], ref: ops.prepare}]"}, "waits for events", id="events inside"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_refused(world, matrix, change, sentence):
    text = sweep(matrix)
    for old, new in change.items():
        text = text.replace(old, new)
    with pytest.raises(CompilationError, match=sentence):
        world.plan(text)


def test_a_grid_over_hours_gives_inputs_of_type_datetime_their_time(world):
    run = world.run(
        """
        kind: operation
        name: hours
        matrix: {kind: grid, params: {at: {kind: datetimerange, value: ["2024-02-28T23:00:00", "2024-02-29T01:00:00", 3600]}}}
        component:
          inputs: [{name: at, type: datetime}]
          run: {kind: job, container: {image: b, command: [echo, "at {{ at }}"]}}
        """
    )
    assert {ended.status for ended in run.ended.values()} == {"succeeded"}
    assert world.lines[:2] == ["at 2024-02-28T23:00:00", "at 2024-02-29T00:00:00"]
