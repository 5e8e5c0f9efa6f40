"""Hooks: which fire, what they get, and that nothing waits for them (spec section 2.21)."""

import json

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.sections.connections import Connection
from tests.execution.flow import World

TELL = """
    kind: component
    run:
      kind: job
      container:
        image: busybox
        command: [echo, "told: {{ name }} {{ status }} loss={{ outputs.loss }} to={{ to }}"]
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.component("tell", TELL)
    yield made
    made.close()


def job(script="true", hooks=({"hubRef": "tell"},), **fields):
    container = {"image": "busybox", "command": ["sh", "-c"], "args": [script]}
    component = {
        "outputs": [{"name": "loss", "type": "float"}],
        "run": {"kind": "job", "container": container},
    }
    return json.dumps(
        {"kind": "operation", "name": "train", "hooks": list(hooks), "component": component, **fields}
    )


def ended_as(run, task_id="train_hook"):
    return run.ended[task_id].status


@pytest.mark.parametrize(
    ("script", "trigger", "fires"),
    [
        pytest.param("true", "succeeded", True, id="succeeded, and it did"),
        pytest.param("exit 1", "succeeded", False, id="succeeded, but it failed"),
        pytest.param("exit 1", "failed", True, id="failed, and it did"),
        pytest.param("true", "failed", False, id="failed, but it succeeded"),
        pytest.param("exit 1", "done", True, id="done, whatever came of it"),
        pytest.param("true", "skipped", False, id="skipped, but it ran"),
    ],
)
def test_a_hook_fires_by_the_final_status(world, script, trigger, fires):
    run = world.run(job(script, [{"hubRef": "tell", "trigger": trigger}]))
    assert ended_as(run) == ("succeeded" if fires else "skipped")
    assert any("told:" in line for line in world.lines) == fires


@pytest.mark.parametrize("fields", [{}, {"conditions": "{{ 1 > 2 }}"}], ids=["that ran", "that was skipped"])
def test_a_hook_s_queue_may_read_the_inputs_of_its_run(world, fields):
    hook = {"hubRef": "tell", "queue": "{{ where }}", "params": {"to": {"value": "a", "contextOnly": True}}}
    text = json.loads(job(hooks=[hook], **fields))
    text["component"]["inputs"] = [{"name": "where", "type": "str", "value": "lab/gpu"}]
    run = world.run(json.dumps(text))
    assert ended_as(run) == "succeeded"
    content = world.store.runs.get(run.ended["train_hook"].uuid).content
    assert content["queue"] == "lab/gpu"


def test_a_hook_of_a_skipped_run_fires(world):
    run = world.run(job(hooks=[{"hubRef": "tell", "trigger": "skipped"}], conditions="{{ 1 > 2 }}"))
    assert ended_as(run, "train") == "skipped"
    assert ended_as(run) == "succeeded"


@pytest.mark.parametrize(
    ("condition", "fires"),
    [
        pytest.param("{{ loss < 0.5 }}", True, id="an output"),
        pytest.param("{{ outputs.loss > 0.5 }}", False, id="all outputs"),
        pytest.param(
            "{{ status == 'succeeded' and globals.name == 'train' }}", True, id="status and globals"
        ),
    ],
)
def test_a_condition_sees_what_the_run_gave(world, condition, fires):
    script = """echo '{"loss": 0.25}' > $POLYAXON_OUTPUTS_FILE"""
    run = world.run(job(script, [{"hubRef": "tell", "conditions": condition}]))
    assert ended_as(run, "train") == "succeeded"
    assert ended_as(run) == ("succeeded" if fires else "skipped")
    if fires:
        assert "told: train succeeded loss=0.25 to=" in world.lines
    else:
        assert run.ended["train_hook"].reason == f"its condition {condition} is False"


def test_a_hook_gets_its_params_and_its_defaults_win(world):
    params = {"to": {"value": "{{ globals.name }}-team"}, "status": {"value": "mine"}}
    world.run(job("exit 3", [{"hubRef": "tell", "params": params}]))
    assert "told: train failed loss= to=train-team" in world.lines


def test_without_defaults_a_hook_gets_its_params_alone(world):
    params = {name: {"value": "mine"} for name in ("name", "status", "to")} | {
        "outputs": {"value": {"loss": 1}}
    }
    world.run(job("exit 3", [{"hubRef": "tell", "disableDefaults": True, "params": params}]))
    assert "told: mine mine loss=1 to=mine" in world.lines


def test_a_failing_hook_fails_nothing_else(world):
    world.component("boom", "kind: component\nrun: {kind: job, container: {image: b, command: ['false']}}\n")
    run = world.run(job(hooks=[{"hubRef": "boom"}, {"hubRef": "tell"}]))
    assert run.statuses() == {"train": "succeeded", "train_hook_0": "failed", "train_hook_1": "succeeded"}


def test_a_component_that_is_not_there_says_what_to_do_when_the_hook_fires(world):
    run = world.run(
        job(hooks=[{"hubRef": "nobody", "trigger": "succeeded"}, {"hubRef": "page", "trigger": "failed"}])
    )
    assert (
        run.ended["train_hook_0"].reason
        == "hubRef nobody has not been fetched. Run 'polyaxon-airflow fetch'."
    )
    assert ended_as(run, "train_hook_1") == "skipped"


def test_operations_sweeps_and_dags_have_hooks(world):
    run = world.run(
        """
        kind: operation
        name: flow
        hooks: [{hubRef: tell}]
        component:
          run:
            kind: dag
            operations:
            - name: a
              hooks: [{hubRef: tell}]
              component: {run: {kind: job, container: {image: b, command: ['false']}}}
            - name: many
              hooks: [{hubRef: tell}]
              matrix: {kind: grid, params: {x: {kind: choice, value: [1, 2]}}}
              component: {run: {kind: job, container: {image: b, command: ['true']}}}
            - name: inner
              hooks: [{hubRef: tell}]
              dependencies: [a]
              component:
                run:
                  kind: dag
                  operations:
                  - {name: b, component: {run: {kind: job, container: {image: b, command: ['true']}}}}
        """
    )
    told = sorted(line.rpartition(" loss")[0] for line in world.lines if line.startswith("told:"))
    assert told == [
        "told: a failed",
        "told: flow failed",
        "told: inner upstream_failed",
        "told: many succeeded",
    ]
    assert run.ended["outcome"].reason == "a failed"


def test_a_hook_is_linked_with_its_run_and_is_part_of_no_pipeline(world):
    run = world.run(job())
    uuid = run.ended["train_hook"].uuid
    assert [(edge.upstream, edge.kind) for edge in world.store.lineage.edges(uuid)] == [
        (run.ended["train"].uuid, "hook")
    ]
    assert world.store.runs.get(uuid).pipeline is None


def test_a_hook_that_does_not_fire_leaves_nothing_in_the_store(world):
    world.run(job(hooks=[{"hubRef": "tell", "trigger": "failed"}]))
    assert [run.name for run in world.store.runs.find(at=world.clock())] == ["train"]


def test_the_connection_of_a_hook_goes_to_its_container(world):
    plan = world.plan(job(hooks=[{"hubRef": "tell", "connection": "team", "queue": "fast"}]))
    operation = plan.operations["/hooks/0"]
    assert operation["run"]["connections"] == ["team"]
    assert operation["queue"] == "fast"


def test_params_that_do_not_fit_are_an_error_at_their_place(world, tmp_path):
    world.component(
        "strict",
        "kind: component\ninputs: [{name: n, type: int}]\nrun: {kind: job, container: {image: b, command: ['true']}}\n",
    )
    file = tmp_path / "flow.yaml"
    file.write_text(
        "kind: component\nrun:\n  kind: dag\n  operations:\n  - name: a\n    hooks:\n    - hubRef: strict\n"
        "      params: {n: {value: many}}\n"
        "    component: {run: {kind: job, container: {image: b, command: ['true']}}}\n"
    )
    with pytest.raises(CompilationError) as raised:
        plan_file(file, tmp_path)
    assert "flow.yaml:8:19: 'many' does not fit 'n' (int)" in str(raised.value)


def test_a_plan_is_stale_once_a_missing_component_has_been_fetched(world, tmp_path):
    (tmp_path / "a.yaml").write_text(job(hooks=[{"hubRef": "later"}]))
    before = plan_file(tmp_path / "a.yaml", tmp_path)
    world.component("later", TELL)
    after = plan_file(tmp_path / "a.yaml", tmp_path)
    assert before.reads != after.reads
    assert ("missing" in before.nodes[1].details, "missing" in after.nodes[1].details) == (True, False)


SLACK = Connection.model_validate({"name": "team", "kind": "slack"})


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"hooks": [{"hubRef": "slack", "connection": "team", "trigger": "failed"}]}, id="a hook of the hub"),
        pytest.param({"plugins": {"notifications": [{"connections": ["team"], "trigger": "failed"}]}}, id="the older form"),
    ],
)  # fmt: skip
def test_a_notification_goes_by_its_connection(tmp_path, fields):
    told = []
    world = World(
        tmp_path, connections={"team": SLACK}, notify=lambda name, facts: told.append((name, facts))
    )
    run = world.run(job("exit 3", fields.get("hooks", ()), plugins=fields.get("plugins")))
    again = world.run(job("true", [{"hubRef": "slack", "connection": "team", "trigger": "failed"}]))
    world.close()
    ((name, facts),) = told
    assert (name, facts["name"], facts["status"]) == ("team", "train", "failed")
    assert run.ended["train_hook"].reason == "told team that train failed"
    assert again.ended["train_hook"].status == "skipped"


def test_a_notification_of_what_ends_no_run_is_refused(world):
    with pytest.raises(CompilationError, match="a run does not end as 'running'"):
        world.plan(
            job(hooks=(), plugins={"notifications": [{"connections": ["team"], "trigger": "running"}]})
        )


def test_a_hook_for_another_end_needs_no_values_of_a_run_that_never_began(world):
    hooks = [{"hubRef": "tell", "trigger": "succeeded", "conditions": "{{ x > 1 }}"}]
    component = {
        "inputs": [{"name": "x", "type": "int"}],
        "run": {"kind": "job", "container": {"image": "b", "command": ["true"]}},
    }
    read = {"x": {"ref": f"runs.{'a' * 32}", "value": "outputs.x"}}  # which is not there
    run = world.run(job(hooks=hooks, component=component, params=read))
    assert (ended_as(run, "train"), ended_as(run)) == ("failed", "skipped")
