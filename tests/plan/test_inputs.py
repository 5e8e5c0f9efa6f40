"""Inputs without a value: the trigger form asks for them, where there is somebody to ask."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.file import plan_file

OPEN = """kind: operation
name: train
{more}
component:
  inputs:
  - {{name: lr, type: float}}
  run: {{kind: job, container: {{image: busybox, command: [echo, "{{{{ lr }}}}"]}}}}
"""


def plan(folder, more=""):
    file = folder / "train.yaml"
    file.write_text(OPEN.format(more=more))
    return plan_file(file, folder)


def test_whoever_triggers_the_dag_is_asked(tmp_path):
    assert plan(tmp_path).params["lr"] == {"schema": {"type": "number"}}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param('schedule: {kind: cron, cron: "0 3 * * *"}', id="a schedule"),
        pytest.param("events: [{ref: connections.repo, kinds: [connection_git_commit]}]", id="an event"),
    ],
)
def test_a_run_that_starts_by_itself_has_nobody_to_ask(tmp_path, more):
    with pytest.raises(CompilationError, match="input 'lr' has no value, and a run that starts by itself"):
        plan(tmp_path, more)
