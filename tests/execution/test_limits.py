"""`concurrency` of dags inside of dags."""

import pytest

from polyaxon_airflow.execution.execution import Execution, Started
from polyaxon_airflow.execution.limits import FullError, Limit, limits_of
from tests.execution.flow import DagRun, World

# Without a cache, or the second one waits for the results of the first, which does the same.
JOB = "{cache: {disable: true}, run: {kind: job, container: {image: busybox, command: [sleep, '60']}}}"
FLOW = f"""kind: component
name: flow
run:
  kind: dag
  operations:
  - name: inner
    component:
      run:
        kind: dag
        concurrency: 2
        operations:
        - {{name: a, component: {JOB}}}
        - {{name: b, component: {JOB}}}
        - {{name: c, component: {JOB}}}
        - name: deep
          component:
            run:
              kind: dag
              concurrency: 1
              operations:
              - {{name: d, component: {JOB}}}
              - {{name: e, component: {JOB}}}
  - {{name: outside, component: {JOB}}}
"""


@pytest.fixture
def start(tmp_path):
    """Starts the run of a task; what was started is stopped in the end."""
    world = World(tmp_path)
    run = DagRun(world, world.plan(FLOW), {}, "r")
    started = {}

    def call(task_id):
        execution = Execution(run.task(run.plan.node(task_id)), run.around())
        begun = execution.start()
        assert isinstance(begun, Started)
        started[task_id] = (execution, begun)

    def end(task_id):
        execution, begun = started.pop(task_id)
        world.runner.stop(begun.handle, grace=1.0)
        execution.finish(begun, execution.follow(begun))

    call.end = end
    yield call
    for task_id in list(started):
        end(task_id)
    world.close()


def test_one_too_many_waits_until_another_has_ended(start):
    start("inner.a")
    start("inner.b")
    with pytest.raises(FullError, match="inner runs no more than 2 at once; number 1 of those that wait"):
        start("inner.c")
    start.end("inner.a")
    start("inner.c")


def test_the_tightest_limit_wins(start):
    start("inner.deep.d")
    with pytest.raises(FullError, match=r"inner.deep runs no more than 1 at once"):
        start("inner.deep.e")
    start("inner.a")
    with pytest.raises(FullError, match="inner runs no more than 2 at once"):
        start("inner.b")


def test_tasks_outside_are_not_counted(start):
    start("outside")
    start("inner.a")
    start("inner.b")


def test_the_longer_the_queue_the_later_the_next_look(start):
    start("inner.a")
    start("inner.b")
    seconds = []
    for task_id in ("inner.c", "inner.deep.d"):
        with pytest.raises(FullError) as full:
            start(task_id)
        seconds.append(full.value.seconds)
    assert seconds == [5.0, 10.0]


@pytest.mark.parametrize(
    ("task_id", "limits"),
    [
        pytest.param("outside", [], id="none"),
        pytest.param("inner.a", [Limit("inner", 2)], id="of its dag"),
        pytest.param(
            "inner.deep.d", [Limit("inner.deep", 1), Limit("inner", 2)], id="of all dags around, inner first"
        ),
    ],
)
def test_limits_of_a_task(tmp_path, task_id, limits):
    world = World(tmp_path)
    run = DagRun(world, world.plan(FLOW), {}, "r")
    assert list(limits_of(run.task(run.plan.node(task_id)))) == limits
    world.close()
