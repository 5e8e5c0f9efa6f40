"""Operations that wait for events, and what runs know of the events that started them (tests/e2e does it with Airflow)."""

import pytest

from tests.execution.flow import World
from tests.execution.test_flow import dag, op

ON = "[{ref: ops.train, kinds: [run_status_running]}]"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def test_an_operation_goes_on_once_its_event_has_come(world):
    assert world.run(dag(op("train"), op("board", events=ON))).statuses()["board"] == "succeeded"


def test_without_its_event_an_operation_is_skipped_and_says_what_did_not_come(world):
    run = world.run(dag(op("train"), op("board", events=ON)), missed=("board_event",))
    assert run.statuses()["board"] == "skipped"
    assert run.ended["board"].reason == "no run_status_running of ops.train (train succeeded)"


@pytest.mark.parametrize(
    ("trigger", "train", "status"),
    [
        pytest.param("all_done", "exit 1", "succeeded", id="it holds"),
        pytest.param("all_failed", "true", "upstream_failed", id="it does not"),
    ],
)
def test_without_its_event_a_trigger_of_the_file_decides(world, trigger, train, status):
    text = dag(op("train", train), op("board", events=ON, trigger=trigger))
    assert world.run(text, missed=("board_event",)).statuses()["board"] == status


@pytest.mark.parametrize(
    ("other", "status"),
    [
        pytest.param("true", "succeeded", id="succeeded"),
        pytest.param("exit 1", "upstream_failed", id="failed"),
    ],
)
def test_with_its_event_its_other_dependencies_decide(world, other, status):
    text = dag(op("train"), op("other", other), op("board", events=ON, dependencies="[other]"))
    assert world.run(text).statuses()["board"] == status


def test_an_event_of_an_operation_that_fails_starts_what_waits_for_it(world):
    text = dag(op("train", "exit 1"), op("cleanup", events="[{ref: ops.train, kinds: [run_status_failed]}]"))
    assert world.run(text).statuses()["cleanup"] == "succeeded"


def test_a_condition_still_decides(world):
    run = world.run(dag(op("train"), op("board", events=ON, conditions='"{{ 1 == 2 }}"')))
    assert run.statuses()["board"] == "skipped"
    assert "condition" in run.ended["board"].reason


COMMIT = """
kind: component
name: build
inputs: [{name: commit, type: str, value: "{{ globals.event.sha }}"}]
run:
  kind: job
  container:
    image: busybox
    command: [sh, -c]
    args: ["echo commit:{{ commit }} of {{ globals.events | length }}"]
"""


def test_a_run_knows_the_event_that_started_it(world):
    event = {"kind": "connection_git_commit", "sha": "abc123"}
    world.run(COMMIT, {"event": event})
    assert "commit:abc123 of 0" in world.lines
    world.run(COMMIT, {"event": event, "events": [{"sha": "first"}, event]})
    assert "commit:abc123 of 2" in world.lines


@pytest.mark.parametrize(
    ("value", "conf", "seen"),
    [
        pytest.param("{{ globals.event.sha }}", {"commit": "abc"}, "abc", id="what is given"),
        pytest.param("{{ globals.event.sha }}", {}, "", id="nothing"),
        pytest.param("{{ globals.event.sha or 'main' }}", {}, "main", id="what the file says instead"),
    ],
)
def test_a_run_that_no_event_started(world, value, conf, seen):
    world.run(COMMIT.replace("{{ globals.event.sha }}", value), conf)
    assert f"commit:{seen} of 0" in world.lines


def test_operations_of_a_dag_know_the_event_too(world):
    world.run(dag(op("a", 'echo "sha:{{ globals.event.sha }}"')), {"event": {"sha": "abc"}})
    assert "sha:abc" in world.lines
