"""Dags as runs of their own: when their rows begin and end, and which edges lead to and from them."""

import pytest

from polyaxon_airflow.execution.closing import close
from polyaxon_airflow.execution.identity import pipeline_uuid
from tests.execution.flow import World
from tests.execution.test_flow import dag, op, write


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def whole(world, run, group=""):
    return world.store.runs.get(pipeline_uuid("flow", run.run_id, group))


def end(world, run, state):
    """What Airflow tells the store when the DAG run has ended."""
    close(world.store, "flow", run.run_id, state, at=world.clock())
    return whole(world, run)


def edges(world, uuid):
    found = [edge for edge in world.store.lineage.edges(uuid) if edge.downstream == uuid]
    names = {edge.upstream: world.store.runs.get(edge.upstream).name for edge in found}
    return {(names[edge.upstream], edge.kind, *edge.values) for edge in found}


READ = "{v: {ref: ops.a, value: outputs.x}}"
CHAIN = dag(
    op("a", write(x=1), outputs="[{name: x, type: int}]"),
    op("b", inputs="[{name: v, type: int}]", params=READ),
    op("c", dependencies="[b]"),
    head="inputs: [{name: n, type: int, value: 1}]\n",
)


def test_a_dag_that_no_task_ends_runs_until_its_dag_run_has_ended(world):
    run = world.run(CHAIN, {"n": 5})
    assert "outcome" not in run.states
    going = whole(world, run)
    assert (going.status, going.kind, going.inputs, going.task_id) == ("running", "dag", {"n": 5}, None)
    ended = end(world, run, "success")
    assert (ended.status, ended.reason) == ("succeeded", None)
    children = world.store.runs.children(ended.uuid)
    assert [(child.name, child.controller) for child in children] == [(name, ended.uuid) for name in "abc"]
    assert ended.created_at < children[0].created_at


@pytest.mark.parametrize(
    ("operations", "state", "status", "reason"),
    [
        pytest.param([op("a", "exit 1"), op("b", dependencies="[a]")], "failed", "failed", "a failed", id="an operation failed"),
        pytest.param([op("a", "exit 1")], "success", "succeeded", "ended in Airflow: success", id="marked as a success"),
        pytest.param([op("a")], "failed", "failed", "ended in Airflow: failed", id="marked as a failure"),
    ],
)  # fmt: skip
def test_a_dag_ends_as_airflow_says(world, operations, state, status, reason):
    ended = end(world, world.run(dag(*operations)), state)
    assert ended.status == status
    assert reason in ended.reason


def test_a_cleared_task_opens_its_dag_again(world):
    text = dag(op("a"))
    first = world.run(text)
    assert end(world, first, "failed").status == "failed"
    again = world.run(text, run_id=first.run_id, generation=1)
    assert whole(world, again).status == "running"
    assert end(world, again, "success").status == "succeeded"


INNER = f"""    - name: sub
      params: {{v: {{ref: ops.a, value: outputs.x}}}}
      component:
        inputs: [{{name: v, type: int}}]
        outputs: [{{name: y, type: int}}]
        run:
          kind: dag
          operations:
          - name: deep
            params: {{w: {{ref: dag, value: inputs.v}}}}
            component:
              inputs: [{{name: w, type: int}}]
              outputs: [{{name: y, type: int}}]
              run:
                kind: job
                container:
                  image: b
                  command: [sh, -c]
                  args:
                  - |
                    {write(y="{{ w }}7")}
"""
AFTER = op("after", 'echo "y={{ y }}"', inputs="[{name: y, type: int}]", params="{y: {ref: ops.sub, value: outputs.y}}")  # fmt: skip


def test_a_dag_inside_of_a_dag_takes_and_gives_values(world):
    run = world.run(dag(op("a", write(x=4), outputs="[{name: x, type: int}]"), INNER, AFTER))
    assert "y=47" in world.lines
    sub = whole(world, run, "sub")
    assert (sub.status, sub.inputs, sub.outputs, sub.pipeline) == (
        "succeeded", {"v": 4}, {"y": 47}, whole(world, run).uuid,
    )  # fmt: skip
    assert edges(world, sub.uuid) == {("a", "dag", "v")}
    assert edges(world, run.ended["after"].uuid) == {("sub", "dag", "y")}


def test_edges_say_where_a_run_comes_from(world):
    first = world.run(CHAIN)
    assert edges(world, first.ended["b"].uuid) == {("a", "dag", "v")}
    assert edges(world, first.ended["c"].uuid) == {("b", "dag")}
    a = first.ended["a"].uuid
    read = op(
        "r", "echo r", inputs="[{name: v, type: int}]", params=f"{{v: {{ref: runs.{a}, value: outputs.x}}}}"
    )
    wait = op("w", "echo w", events="[{kinds: [run_status_succeeded], ref: ops.r}]")
    joins = '[{query: "name:a, outputs.x:1", params: {xs: {value: outputs.x}}}]'
    second = world.run(dag(read, wait, op("j", inputs="[{name: xs, type: int, isList: true}]", joins=joins)))
    assert edges(world, second.ended["r"].uuid) == {("a", "run", "v")}
    assert edges(world, second.ended["w"].uuid) == {("r", "event", "kinds")}
    assert edges(world, second.ended["j"].uuid) == {("a", "join")}


def test_a_sweep_that_was_cut_short_is_stopped(world):
    sweep = op("s", inputs="[{name: x, type: int}]", matrix="{kind: mapping, values: [{x: 1}]}")
    run = world.run(dag(sweep))
    world.store.runs.set_status(
        pipeline_uuid("flow", run.run_id, "s"), "running", at=world.clock(), force=True
    )
    waits = world.store.runs.children(whole(world, run, "s").uuid)[0]
    world.store.runs.set_status(waits.uuid, "queued", at=world.clock(), force=True)
    end(world, run, "failed")
    assert whole(world, run, "s").status == "stopped"
    assert world.store.runs.get(waits.uuid).reason == "its DAG run was ended in Airflow: failed"
