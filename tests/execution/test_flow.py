"""What tasks do, step by step, without Airflow (tests/e2e does the same with it)."""

import pytest

from tests.execution.flow import World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def op(name, script="true", *, inputs="", outputs="", params="", **fields):
    """An operation of a dag whose container runs a shell script."""
    more = "".join(f"      {key}: {value}\n" for key, value in fields.items())
    io = (f"        inputs: {inputs}\n" if inputs else "") + (
        f"        outputs: {outputs}\n" if outputs else ""
    )
    given = f"      params: {params}\n" if params else ""
    return (
        f"    - name: {name}\n{more}{given}      component:\n{io}        run:\n          kind: job\n"
        f"          container:\n            image: busybox\n            command: [sh, -c]\n            args:\n"
        f"            - |\n              {script}\n"
    )


def dag(*operations, head=""):
    return f"kind: component\nname: flow\n{head}run:\n  kind: dag\n  operations:\n" + "".join(operations)


def write(**outputs):
    """A script that writes outputs, given as JSON texts."""
    text = ", ".join(f'"{name}": {value}' for name, value in outputs.items())
    return f"echo '{{{text}}}' > $POLYAXON_OUTPUTS_FILE"


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        pytest.param("3", "int", "3", id="a number"),
        pytest.param("0", "int", "0", id="zero"),
        pytest.param('""', "str", "", id="empty text"),
        pytest.param("false", "bool", "False", id="false"),
        pytest.param('"007"', "str", "007", id="text that looks like a number"),
    ],
)
def test_an_output_arrives_as_it_was_written(world, value, kind, seen):
    first = op("a", write(x=value), outputs=f"[{{name: x, type: {kind}}}]")
    second = op(
        "b",
        'echo "got:{{ v }}"',
        inputs=f"[{{name: v, type: {kind}}}]",
        params="{v: {ref: ops.a, value: outputs.x}}",
    )
    world.run(dag(first, second))
    assert f"got:{seen}" in world.lines


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("outputs.y", "has no outputs 'y'; it has x", id="an output that never came"),
    ],
)
def test_a_value_that_is_not_there_fails_the_operation_and_says_what_is(world, path, sentence):
    run = world.run(
        dag(
            op("a", write(x="1")),
            op("b", "true", params=f"{{v: {{ref: ops.a, value: {path}}}}}"),
        )
    )
    assert run.statuses()["b"] == "failed"
    assert sentence in run.ended["b"].reason


def test_values_of_dag_globals_and_status(world):
    run = world.run(
        dag(
            op("a", "true"),
            op(
                "b",
                "echo 'n={{ n }} s={{ s }} u={{ u }}'",
                params="{n: {ref: dag, value: inputs.n}, s: {ref: ops.a, value: globals.status}, "
                "u: {ref: ops.a, value: globals.uuid}}",
            ),
            head="inputs: [{name: n, type: int, value: 1}]\n",
        ),
        {"n": 5},
    )
    assert f"n=5 s=succeeded u={run.ended['a'].uuid}" in world.lines


def test_a_dag_in_a_dag_hands_on_what_it_reads_from_others(world):
    inner = (
        "    - name: sub\n      params: {n: {ref: ops.a, value: outputs.x}}\n      component:\n"
        "        inputs: [{name: n, type: int}]\n        run:\n          kind: dag\n          operations:\n"
        "          - name: c\n            params: {n: {ref: dag, value: inputs.n}}\n            component:\n"
        "              inputs: [{name: n, type: int}]\n"
        "              run: {kind: job, container: {image: b, command: [echo, 'n={{ n }}']}}\n"
    )
    world.run(dag(op("a", write(x="7"), outputs="[{name: x, type: int}]"), inner))
    assert "n=7" in world.lines


def test_the_best_params_of_a_sweep_can_be_asked_for(world):
    sweep = op(
        "s",
        "echo loss={{ x }}",
        inputs="[{name: x, type: float}]",
        outputs="[{name: loss, type: metric}]",
        matrix="{kind: grid, params: {x: {kind: choice, value: [2.5, 1.5]}}}",
    )
    final = op(
        "b",
        "echo x={{ x }} loss={{ v }}",
        inputs="[{name: x, type: float}, {name: v, type: float}]",
        params="{x: {ref: ops.s, value: outputs.best.params.x}, v: {ref: ops.s, value: outputs.best.value}}",
    )
    run = world.run(dag(sweep, final))
    assert run.statuses()["b"] == "succeeded"
    assert "x=1.5 loss=1.5" in world.lines


def test_a_condition_sees_upstream_outputs(world):
    run = world.run(
        dag(
            op("a", write(loss="0.9")),
            op(
                "b",
                "true",
                params="{loss: {ref: ops.a, value: outputs.loss}}",
                conditions="'{{ loss < 0.5 }}'",
            ),
        )
    )
    assert run.statuses()["b"] == "skipped"
    assert run.ended["b"].reason == "its condition {{ loss < 0.5 }} is False"


def test_a_second_run_inside_of_a_pipeline_is_a_cache_hit(world):
    text = dag(op("a", write(x="1")))
    first, second = world.run(text), world.run(text)
    assert second.outputs("a") == first.outputs("a") == {"x": 1}
    assert first.ended["a"].uuid in second.ended["a"].reason
    third = world.run(text.replace("busybox", "busybox:2"))
    assert third.ended["a"].reason == ""


def test_a_path_of_its_own_does_not_make_a_run_a_new_one(world):
    text = dag(op("a", "echo {{ globals.run_outputs_path }} {{ globals.uuid }}"))
    world.run(text)
    assert "cached" in world.run(text).ended["a"].reason


def test_a_failed_run_is_no_cache_hit(world):
    text = dag(op("a", "exit 1"))
    world.run(text)
    assert world.run(text).statuses() == {"a": "failed"}


@pytest.mark.parametrize(
    ("cache", "hit"),
    [
        pytest.param("{disable: true}", False, id="switched off"),
        pytest.param("{disable: false}", True, id="switched on"),
        pytest.param("{ttl: 0}", False, id="expired"),
    ],
)
def test_cache_as_the_file_says(world, cache, hit):
    text = dag(op("a", write(x="1"), cache=cache))
    world.run(text)
    assert bool(world.run(text).ended["a"].reason) == hit


def test_a_run_of_its_own_is_cached_only_if_the_file_says_so(world):
    text = "kind: component\nname: one\nrun: {kind: job, container: {image: x, command: ['true']}}\n"
    world.run(text)
    assert world.run(text).ended["one"].reason == ""
    world.run("cache: {disable: false}\n" + text)
    assert "cached" in world.run("cache: {disable: false}\n" + text).ended["one"].reason


def test_a_cleared_task_runs_whatever_the_cache_holds(world):
    text = dag(op("a", write(x="1")))
    world.run(text, run_id="same")
    assert world.run(text, run_id="same", generation=1).ended["a"].reason == ""


def test_a_join_collects_a_list(world):
    sweep = """
    kind: operation
    name: many
    matrix: {kind: grid, params: {x: {kind: choice, value: [3, 1, 2]}}}
    component:
      inputs: [{name: x, type: int}]
      run: {kind: job, container: {image: x, command: [sh, -c, 'echo "{\\"y\\": {{ x }}0}" > $POLYAXON_OUTPUTS_FILE']}}
    """
    world.run(sweep)
    run = world.run(
        """
        kind: operation
        name: reduce
        joins:
        - query: "kind:job, outputs.y:>10"
          sort: -outputs.y
          params: {ys: {value: outputs.y}, xs: {value: inputs.x}}
        component:
          inputs: [{name: ys, type: int, isList: true}, {name: xs, type: int, isList: true}]
          run: {kind: job, container: {image: x, command: [echo, "ys={{ ys }} xs={{ xs }}"]}}
        """
    )
    assert run.statuses() == {"reduce": "succeeded"}
    assert "ys=[30, 20] xs=[3, 2]" in world.lines


def test_a_retry_is_counted_and_the_last_failure_is_final(world):
    text = "kind: component\nname: r\ntermination: {maxRetries: 1}\nrun: {kind: job, container: {image: x, command: ['false']}}\n"
    first, second = world.run(text, run_id="same"), world.run(text, run_id="same")
    assert (first.ended["r"].retriable, second.ended["r"].retriable) == (True, False)
    assert first.ended["r"].uuid == second.ended["r"].uuid


POLICY = """
kind: component
name: r
termination:
  maxRetries: 1
  podFailurePolicy:
    rules:
    - {action: FailJob, onExitCodes: {operator: In, values: [42]}}
    - {action: Ignore, onExitCodes: {operator: In, values: [75]}}
run: {kind: job, container: {image: x, command: [sh, -c, "exit CODE"]}}
"""


@pytest.mark.parametrize(
    ("code", "retriable"),
    [
        pytest.param("42", [False], id="a final code ends it at once"),
        pytest.param(
            "75", [True, True, True, False], id="an ignored one counts for nothing, but not without end"
        ),
        pytest.param("1", [True, False], id="others count"),
    ],
)
def test_exit_codes_decide_what_is_tried_again(world, code, retriable):
    text = POLICY.replace("CODE", code)
    assert [world.run(text, run_id="same").ended["r"].retriable for _ in retriable] == retriable


def test_an_approval_asks_only_when_the_trigger_holds(world):
    run = world.run(
        dag(
            op("a", "exit 1"),
            op("b", "true", dependencies="[a]", isApproved="false", trigger="all_succeeded"),
        )
    )
    assert run.states == {"a": "failed", "b_approval": "upstream_failed", "b": "upstream_failed"}
    asked = world.run(dag(op("a"), op("b", "true", dependencies="[a]", isApproved="false")))
    assert asked.statuses()["b"] == "succeeded"
    run = world.store.runs.get(asked.ended["b"].uuid)
    assert (run.pending, run.meta["approved_by"]) == (None, "Ada")


def test_what_a_person_rejects_is_stopped(world):
    world.rejected = ("a_approval", "sub.approval", "tries.approval")
    world.component(
        "tell", 'kind: component\nrun: {kind: job, container: {image: b, command: [echo, "a {{ status }}"]}}'
    )
    run = world.run(
        dag(
            op("a", isApproved="false", hooks="[{hubRef: tell}]"),
            "    - name: sub\n      isApproved: false\n      component: {run: {kind: dag, operations: ["
            "{name: x, component: {run: {kind: job, container: {image: b, command: ['true']}}}}]}}\n",
            op("tries", isApproved="false", inputs="[{name: y, type: int}]", matrix="{kind: mapping, values: [{y: 1}]}"),
            op("after", dependencies="[a]"),
            op("anyway", dependencies="[a, sub, tries]", trigger="all_done"),
        )
    )  # fmt: skip
    states = {name: run.states[name] for name in ("a", "sub.outcome", "tries.best", "after", "anyway")}
    assert states == {
        "a": "skipped", "sub.outcome": "skipped", "tries.best": "skipped", "after": "skipped", "anyway": "success"
    }  # fmt: skip
    assert "a stopped" in world.lines
    stopped = [
        found.name for found in world.store.runs.of_dag_run("flow", run.run_id) if found.status == "stopped"
    ]
    assert stopped == ["a", "sub", "tries"]
    assert run.ended["outcome"].status == "succeeded"


def test_an_approval_that_the_params_give_asks_nobody(world):
    run = world.run(
        dag(
            op("b", "true", params="{ok: {ref: dag, value: inputs.ok}}", isApproved="'{{ ok }}'"),
            head="inputs: [{name: ok, type: bool, value: true}]\n",
        )
    )
    assert run.statuses() == {"b_approval": "succeeded", "b": "succeeded"}
