"""`earlyStopping` of a dag: a goal that one operation reaches, failures that are too many, and how the dag ends."""

import pytest

from polyaxon_airflow.errors import CompilationError
from tests.execution.flow import World

DAG = """
kind: operation
name: flow
component:
  inputs: [{name: goal, type: float, value: 0.1}]
  run:
    kind: dag
    earlyStopping: [%s]
    operations:
"""
GOAL = "{kind: metric_early_stopping, metric: loss, value: '{{ goal }}', optimization: minimize}"
FAILURES = "{kind: failure_early_stopping, percent: 60}"


def op(name, command, more=""):
    return (
        f"    - name: {name}\n{more}      component:\n        outputs: [{{name: loss, type: metric}}]\n"
        f"        run: {{kind: job, container: {{image: b, command: [sh, -c, '{command}']}}}}\n"
    )


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def test_an_operation_that_reaches_the_goal_ends_the_dag_as_succeeded(world):
    run = world.run(DAG % GOAL + op("a", "echo loss=0.5") + op("b", "echo loss=0.05") + op("c", "exit 1"))
    assert run.statuses() == {"a": "succeeded", "b": "succeeded", "c": "skipped", "outcome": "succeeded"}
    reason = "operation 'b' reached loss 0.05 at step 1, the goal is 0.1"
    assert run.ended["c"].reason == run.ended["outcome"].reason == reason


def test_a_running_operation_is_stopped_once_another_one_has_decided(world):
    first = DAG % GOAL + op("a", "echo loss=0.05; sleep 60") + op("b", "true", "      dependencies: [a]\n")
    run = world.run(first)
    assert run.statuses() == {"a": "stopped", "b": "skipped", "outcome": "succeeded"}


def test_too_many_failures_end_the_dag_as_failed(world):
    bad = [op(name, "exit 1") for name in "abc"]
    run = world.run(DAG % FAILURES + "".join(bad) + op("d", "true") + op("e", "true"))
    assert run.statuses()["d"] == run.statuses()["e"] == "skipped"
    assert run.ended["outcome"].status == "failed"
    assert run.ended["outcome"].reason == "3 of 5 operations failed, 60% are too many"


def test_an_operation_that_was_cleared_runs_again(world):
    text = DAG % GOAL + op("a", "echo loss=0.05") + op("b", "true")
    assert world.run(text, run_id="same").statuses()["b"] == "skipped"
    again = world.run(text.replace("loss=0.05", "loss=0.5"), run_id="same", generation=1)
    assert again.statuses() == {"a": "succeeded", "b": "succeeded", "outcome": "succeeded"}


def test_a_limit_that_is_none_is_refused_at_its_place(world):
    with pytest.raises(CompilationError) as refused:
        world.plan(
            (DAG % GOAL).replace("kind: dag", "kind: dag\n    concurrency: '{{ goal }}'") + op("a", "true")
        )
    assert refused.value.faults[0].path[-1] == "concurrency"
