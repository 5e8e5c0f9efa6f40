"""Triggers, conditions and skips in a real Airflow, with Polyaxon's meaning (spec section 3.7)."""

import pytest

pytestmark = pytest.mark.e2e


def dag(name, *operations):
    lines = "\n".join(f"      - {operation}" for operation in operations)
    return f"""
    kind: component
    name: {name}
    run:
      kind: dag
      operations:
{lines}
    """


def op(name, *, code=0, **fields):
    more = "".join(f", {key}: {value}" for key, value in fields.items())
    run = f"{{kind: job, container: {{image: busybox, command: [sh, -c, 'exit {code}']}}}}"
    return f"{{name: {name}{more}, component: {{run: {run}}}}}"


@pytest.mark.parametrize(
    ("name", "operations", "expected", "run_state"),
    [
        pytest.param(
            "default_trigger",
            [op("a", code=1), op("b", dependencies="[a]"), op("c")],
            {"a": "failed", "b": "upstream_failed", "c": "success"},
            "failed",
            id="all_succeeded after a failure",
        ),
        pytest.param(
            "handled",
            [op("a", code=1), op("b", dependencies="[a]", trigger="all_failed")],
            {"a": "failed", "b": "success", "outcome": "failed"},
            "failed",
            id="a handled failure still fails the pipeline",
        ),
        pytest.param(
            "sweep_behind",
            [op("a", code=1), op("b", dependencies="[a]", matrix="{kind: mapping, values: [{x: 1}]}")],
            {"a": "failed", "b.trial[0]": "upstream_failed", "b.best": "failed"},
            "failed",
            id="a sweep after a failure",
        ),
        pytest.param(
            "cleanup",
            [op("a"), op("b", dependencies="[a]", trigger="all_done")],
            {"a": "success", "b": "success", "outcome": "success"},
            "success",
            id="all_done after a success",
        ),
        pytest.param(
            "no_failure",
            [op("a"), op("b", dependencies="[a]", trigger="one_failed")],
            {"a": "success", "b": "skipped", "outcome": "success"},
            "success",
            id="one_failed without a failure does not start",
        ),
        pytest.param(
            "condition",
            [
                op("a", conditions="'{{ 1 > 2 }}'"),
                op("b", dependencies="[a]"),
                op("c", dependencies="[a]", trigger="all_done"),
                op("d", dependencies="[a]", trigger="all_done", skipOnUpstreamSkip="true"),
            ],
            {"a": "skipped", "b": "skipped", "c": "success", "d": "skipped", "outcome": "success"},
            "success",
            id="a false condition and what comes after it",
        ),
    ],
)
def test_who_starts(driver, name, operations, expected, run_state):
    dag_id = driver.drop(f"{name}.yaml", dag(name, *operations))
    run_id = driver.run(dag_id)
    assert driver.states(dag_id, run_id) == expected
    assert driver.state(dag_id, run_id) == run_state


def test_a_skip_says_why(driver):
    dag_id = driver.drop("why.yaml", dag("why", op("a", conditions="'{{ 1 > 2 }}'")))
    run_id = driver.run(dag_id)
    assert "condition {{ 1 > 2 }} is False" in driver.log(dag_id, run_id, "a")


def test_a_condition_that_is_no_boolean_fails_and_says_so(driver):
    dag_id = driver.drop("nobool.yaml", dag("nobool", op("a", conditions="'{{ 42 }}'")))
    run_id = driver.run(dag_id)
    assert driver.states(dag_id, run_id) == {"a": "failed"}
    assert "neither true nor false" in driver.log(dag_id, run_id, "a")


def test_a_nested_dag_is_a_task_group_that_ends_with_its_outcome(driver):
    inner = (
        "{name: sub, component: {run: {kind: dag, operations: ["
        + op("x")
        + ", "
        + op("y", dependencies="[x]")
        + "]}}}"
    )
    dag_id = driver.drop("nested.yaml", dag("nested", op("a"), inner, op("z", dependencies="[sub]")))
    run_id = driver.run(dag_id)
    assert driver.states(dag_id, run_id) == {
        "a": "success", "sub.x": "success", "sub.y": "success", "sub.outcome": "success", "z": "success",
    }  # fmt: skip
