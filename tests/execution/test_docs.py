"""The examples of docs/flow.md, and what the page says of them."""

import re
import textwrap
from pathlib import Path

import pytest

from polyaxon_airflow.cli.runs import COMMANDS
from polyaxon_airflow.sections.connections import Connection
from tests.execution.flow import World

PAGE = (Path(__file__).parents[2] / "docs" / "flow.md").read_text()
EXAMPLES = {
    re.search(r"^name: (\w+)", text, re.MULTILINE)[1]: text
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
}
COMPONENT = "kind: component\n{}run: {{kind: job, container: {{image: b, command: [echo, '{}']}}}}\n"


@pytest.fixture
def world(tmp_path):
    registry = {"name": "registry", "kind": "registry", "schema": {"url": "registry.acme.io"}}
    made = World(tmp_path, connections={"registry": Connection.model_validate(registry)})
    made.component("kaniko", COMPONENT.format("inputs: [{name: destination, type: image}]\n", "built"))
    made.component("tell", COMPONENT.format("", "told of {{ name }}"))
    yield made
    made.close()


def test_the_first_dag_and_its_outputs(world):
    run = world.run(EXAMPLES["nightly"])
    assert run.statuses() == dict.fromkeys(("prepare", "train", "clean", "outcome"), "succeeded")
    assert run.outputs("outcome") == {"loss": 0.5}


def test_a_false_condition_and_what_it_does(world):
    run = world.run(EXAMPLES["nightly"], {"rows": 3})
    assert run.statuses() == {
        "prepare": "succeeded",
        "train": "skipped",
        "clean": "succeeded",
        "outcome": "succeeded",
    }
    assert run.ended["train"].reason == "its condition {{ kept > 10 }} is False"


def test_a_final_exit_code(world):
    ended = world.run(EXAMPLES["careful"]).ended["careful"]
    assert (ended.status, ended.retriable) == ("failed", False)


def test_an_approval_a_build_and_a_hook(world):
    run = world.run(EXAMPLES["release"])
    assert run.statuses() == {
        "release_approval": "succeeded", "release_build": "succeeded", "release": "succeeded", "release_hook": "skipped",
    }  # fmt: skip
    run = world.run(EXAMPLES["release"].replace('"true"', '"false"'))
    assert (run.ended["release"].status, "told of release" in world.lines) == ("failed", True)


def test_a_service(world):
    plan = world.plan(EXAMPLES["board"])
    assert plan.operations[""]["run"]["ports"] == [6006]


def test_a_join(world):
    world.run(EXAMPLES["nightly"])
    world.run(textwrap.dedent(EXAMPLES["report"]))
    assert "losses [0.5]" in world.lines


def test_the_commands_are_there():
    assert set(re.findall(r"polyaxon-airflow runs (\w+)", PAGE)) <= set(COMMANDS)
