"""Events in plans: the task in front of an operation that waits for some of another, and what starts a whole dag."""

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.polyaxonfile import read_operation

RUN = "component: {run: {kind: job, container: {image: busybox, command: [sh]}}}"


def plan(text):
    return plan_of(compile_operation(read_operation(text)), dag_id="flow", text=text)


def dag(*operations, head=""):
    lines = "\n".join(f"  - {{{operation}}}" for operation in operations)
    return f"kind: component\nname: flow\n{head}run:\n  kind: dag\n  operations:\n{lines}\n"


def op(name, *fields):
    return ", ".join([f"name: {name}", *fields, RUN])


def event(of, *kinds):
    return f"{{ref: ops.{of}, kinds: [{', '.join(kinds)}]}}"


def test_a_task_in_front_of_the_operation_waits_for_the_status():
    made = plan(dag(op("train"), op("board", f"events: [{event('train', 'run_status_running')}]")))
    node = made.node("board_event")
    assert (node.kind, node.operation, node.upstream) == ("event", "board", ())
    assert node.details == {
        "wanted": [
            {"operation": "train", "kinds": ["run_status_running"], "tasks": ["train"], "last": ["train"]}
        ]
    }
    board = made.node("board")
    assert (board.upstream, board.event, board.decides) == (("board_event",), "board_event", True)


def test_the_wait_begins_where_the_dag_does_and_other_dependencies_go_on_beside_it():
    made = plan(
        dag(
            op("clean"),
            op("train"),
            op("board", "dependencies: [clean]", f"events: [{event('train', 'run_status_running')}]"),
        )
    )
    assert made.node("board").upstream == ("board_event", "clean")


def test_what_a_param_is_taken_from_has_to_end_also_if_an_event_of_it_is_waited_for():
    made = plan(
        dag(
            op("train"),
            op(
                "eval",
                "params: {run: {ref: ops.train, value: globals.uuid, contextOnly: true}}",
                f"events: [{event('train', 'run_status_running')}]",
            ),
        )
    )
    assert made.node("eval").upstream == ("eval_event", "train")


def test_several_events_are_waited_for_by_one_task():
    made = plan(
        dag(
            op("a"),
            op("b"),
            op(
                "c",
                f"events: [{event('a', 'run_status_running')}, {event('b', 'run_status_failed', 'run_status_stopped')}]",
            ),
        )
    )
    wanted = made.node("c_event").details["wanted"]
    assert [(want["operation"], want["kinds"]) for want in wanted] == [
        ("a", ["run_status_running"]),
        ("b", ["run_status_failed", "run_status_stopped"]),
    ]


def test_an_event_of_a_sweep_is_about_any_of_its_trials():
    sweep = op("search", "matrix: {kind: mapping, values: [{x: 1}, {x: 2}]}").replace(
        "component: {", "component: {inputs: [{name: x, type: int}], "
    )
    made = plan(dag(sweep, op("board", f"events: [{event('search', 'run_status_running')}]")))
    (want,) = made.node("board_event").details["wanted"]
    assert all(made.node(task_id).kind in ("trial", "tuner") for task_id in want["tasks"])
    assert want["tasks"]
    assert want["last"] == ["search.best"]


def test_in_a_dag_inside_of_a_dag_names_are_those_of_its_group():
    inner = (
        "name: inner, component: {run: {kind: dag, operations: ["
        f"{{{op('train')}}}, {{{op('board', 'events: [' + event('train', 'run_status_running') + ']')}}}]}}}}"
    )
    made = plan(dag(inner))
    node = made.node("inner.board_event")
    assert node.details["wanted"][0]["tasks"] == ["inner.train"]
    assert made.node("inner.board").event == "inner.board_event"


@pytest.mark.parametrize(
    ("events", "sentence", "path"),
    [
        pytest.param(
            "[{ref: ops.train, kinds: [connection_git_commit]}]",
            "connection_git_commit",
            ("events", 0, "ref"),
            id="a kind",
        ),
        pytest.param(
            "[{ref: ops.train, kinds: [run_status_running]}, {ref: connections.code, kinds: [connection_git_commit]}]",
            "connections.code",
            ("events", 1, "ref"),
            id="a ref",
        ),
    ],
)
def test_an_operation_cannot_wait_for_what_operations_do_not_bring(events, sentence, path):
    with pytest.raises(CompilationError) as caught:
        plan(dag(op("train"), op("board", f"events: {events}")))
    (fault,) = caught.value.faults
    assert sentence in fault.message
    assert fault.path[-3:] == path


def test_events_of_a_polyaxonfile_start_it():
    made = plan(
        "kind: operation\nname: flow\nevents:\n"
        "- {ref: 'connections.code?branch=main', kinds: [connection_git_commit]}\n"
        "- {ref: events.labels, kinds: [project_custom_event]}\n" + RUN
    )
    assert list(made.events) == [
        {"kinds": ["connection_git_commit"], "ref": "connections.code?branch=main"},
        {"kinds": ["project_custom_event"], "ref": "events.labels"},
    ]


def test_a_dag_that_starts_by_itself_has_nobody_to_ask_for_an_input():
    text = (
        "kind: component\nname: flow\nevents: [{ref: connections.code, kinds: [connection_git_commit]}]\n"
        "inputs: [{name: x, type: int, delayValidation: true}]\nrun: {kind: job, container: {image: busybox}}"
    )
    with pytest.raises(CompilationError, match="input 'x' has no value, and a run that starts by itself"):
        plan(text)
