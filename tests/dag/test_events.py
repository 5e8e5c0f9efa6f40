"""A polyaxonfile with `events` gives two DAGs: its own, and the one that starts its runs."""

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from polyaxon_airflow.dag.load import Loader
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.sensors import EventSensor

STARTED = """\
kind: operation
name: flow
events:
- {kinds: [connection_git_commit], ref: connections.code?branch=main}
component: {run: {kind: job, container: {image: busybox}}}
"""
INSIDE = """\
kind: component
name: inside
run:
  kind: dag
  operations:
  - {name: train, component: {run: {kind: job, container: {image: busybox}}}}
  - name: board
    events: [{kinds: [run_status_running], ref: ops.train}]
    trigger: all_done
    component: {run: {kind: job, container: {image: busybox}}}
"""


@pytest.fixture
def load(tmp_path):
    def loaded(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return Loader(tmp_path, tmp_path / "state"), [f"{name}.yaml" for name in files]

    return loaded


def test_both_dags_are_loaded_and_each_is_found_by_its_id(load):
    loader, files = load(flow=STARTED, inside=INSIDE)
    dags = loader.shard(files)
    assert list(dags) == ["flow", "flow.events", "inside"]
    assert dags["flow"].timetable.summary == "on connection_git_commit of connections.code?branch=main"
    assert [task.task_id for task in dags["flow.events"].tasks] == ["dispatch"]
    for dag_id in dags:
        assert list(loader.one(dag_id, files)) == [dag_id]
    assert loader.one("flow.nothing", files) == {}


def test_an_operation_that_waits_for_an_event_has_a_task_in_front_of_it(load):
    loader, files = load(inside=INSIDE)
    dag = loader.alone(*files)["inside"]
    event, board = dag.get_task("board_event"), dag.get_task("board")
    assert isinstance(event, EventSensor)
    assert event.upstream_task_ids == set()
    assert board.upstream_task_ids == {"board_event"}
    assert board.trigger_rule == "all_done"
    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert again.get_task("board_event").start_from_trigger


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        pytest.param(STARTED.replace("connections.code", "runs"), 4, "names nothing", id="of a whole dag"),
        pytest.param(
            INSIDE.replace("run_status_running", "connection_git_commit"), 8, "cannot refer to", id="inside"
        ),
    ],
)
def test_an_event_that_nothing_can_notice_is_a_fault_at_its_place(load, text, line, sentence):
    loader, files = load(flow=text)
    with pytest.raises(FaultsError, match=sentence) as caught:
        loader.alone(*files)
    assert [fault.line for fault in caught.value.faults] == [line]
