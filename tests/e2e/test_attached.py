"""Hooks in a real Airflow: they run after their run, and decide nothing."""

import pytest

from tests import components

pytestmark = pytest.mark.e2e


def test_a_hook_runs_after_its_run_and_decides_nothing(driver):
    command = "kind: component\nrun: {{kind: job, container: {{image: busybox, command: {}}}}}\n"
    components.put(driver.airflow.dags, "boom", command.format("['false']"))
    components.put(driver.airflow.dags, "tell", command.format("[echo, 'told: {{ name }} {{ status }}']"))
    dag_id = driver.drop(
        "hooked.yaml",
        """
        kind: component
        name: hooked
        run:
          kind: dag
          operations:
          - name: a
            hooks:
            - {hubRef: boom, trigger: succeeded}
            - {hubRef: tell}
            - {hubRef: tell, trigger: failed}
            component: {run: {kind: job, container: {image: busybox, command: ["true"]}}}
          - name: b
            dependencies: [a]
            component: {run: {kind: job, container: {image: busybox, command: ["true"]}}}
        """,
    )
    run_id = driver.run(dag_id)
    assert driver.states(dag_id, run_id) == {
        "a": "success",
        "b": "success",
        "a_hook_0": "failed",
        "a_hook_1": "success",
        "a_hook_2": "skipped",
    }
    assert driver.state(dag_id, run_id) == "success"
    assert "told: a succeeded" in driver.log(dag_id, run_id, "a_hook_1")
