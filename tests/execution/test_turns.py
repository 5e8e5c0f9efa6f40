"""Trials that learn wait for those before them, also while these wait for another attempt, which Airflow does not count."""

import pytest

from polyaxon_airflow.execution.dag_trials import begin_dag_trial
from polyaxon_airflow.execution.limits import FullError
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.execution.trials import start_trial
from tests.execution.flow import DagRun, World

MATRIX = (
    "{kind: KIND, numRuns: 6, seed: 3, concurrency: LIMIT, METRICparams: {x: {kind: uniform, value: [0, 1]}}}"
)
HEAD = """
kind: operation
name: search
matrix: MATRIX
component:
  inputs: [{name: x, type: float}]
  outputs: [{name: loss, type: metric}]
  run:
"""
SWEEP = f"""{HEAD}
    kind: job
    container: {{image: x, command: [sh, -c], args: ["echo step=1 loss={{{{ x }}}}"]}}
"""
OVER_A_DAG = f"""{HEAD}
    kind: dag
    operations:
    - name: fit
      params: {{x: {{ref: dag, value: inputs.x}}}}
      component:
        inputs: [{{name: x, type: float}}]
        outputs: [{{name: loss, type: float}}]
        run: {{kind: job, container: {{image: x, command: ["true"]}}}}
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def sweep(world, kind="tpe", limit=1, text=SWEEP):
    metric = "" if kind == "random" else "metric: {name: loss, optimization: minimize}, "
    matrix = MATRIX.replace("KIND", kind).replace("LIMIT", str(limit)).replace("METRIC", metric)
    return DagRun(world, world.plan(text.replace("MATRIX", matrix)), {}, "run")


class Going:
    """The trials of a sweep, each of which stays in the middle until it is told to end."""

    def __init__(self, run):
        self.run, self.node = run, run.plan.nodes[0]
        self.begun = {}

    def begin(self, *indexes):
        for index in indexes:
            execution, started, _ = start_trial(self.run.task(self.node, index), self.run.around(), index)
            self.begun[index] = execution, started

    def end(self, index):
        execution, started = self.begun.pop(index)
        self.run.ended[f"{self.node.id}[{index}]"] = self.run.to_its_end(execution, started)

    def lose(self, index):
        """Its worker dies, and its processes with it."""
        _, started = self.begun.pop(index)
        self.run.world.runner.stop(started.handle, grace=0)

    def give_up(self, index):
        """As Airflow does when the worker has died for the last time: the store knows nothing of it."""
        self.run.ended[f"{self.node.id}[{index}]"] = Ended("failed", "")

    def waits(self, index):
        """For how many seconds."""
        with pytest.raises(FullError) as full:
            self.begin(index)
        return full.value.seconds

    def end_all(self):
        for index in [*self.begun]:
            self.end(index)


@pytest.fixture
def going(world, request):
    made = Going(sweep(world, **getattr(request, "param", {})))
    yield made
    made.end_all()


def limit(number, kind="tpe"):
    return pytest.param({"limit": number, "kind": kind}, id=f"{kind} {number} at once")


@pytest.mark.parametrize("going", [limit(1), limit(1, "hyperopt")], indirect=True)
def test_one_at_a_time_in_the_order_of_their_indexes(going):
    going.begin(0)
    assert [going.waits(1), going.waits(2), going.waits(5)] == [5, 10, 25]
    going.end(0)
    assert going.waits(2) == 10  # Airflow may start it before the one that looks again in a while
    going.begin(1)
    going.end(1)
    going.begin(2)


def test_a_trial_that_was_told_goes_on_whoever_runs(going):
    going.begin(0)
    going.lose(0)
    assert going.waits(1) == 5
    going.begin(0)  # its next attempt
    assert going.waits(1) == 5


def test_a_trial_that_airflow_has_given_up_is_in_nobodys_way(going):
    going.begin(0)
    going.waits(1)
    going.give_up(0)
    going.begin(1)


def test_a_trial_that_never_began_is_in_nobodys_way_once_its_task_has_ended(going):
    assert going.waits(1) == 10
    going.give_up(0)
    going.begin(1)


@pytest.mark.parametrize("going", [limit(2)], indirect=True)
def test_two_at_a_time_in_any_order(going):
    going.begin(3, 0)
    assert going.waits(1) == 5
    going.end(3)
    going.begin(1)


@pytest.mark.parametrize("going", [limit(1, "random")], indirect=True)
def test_trials_that_learn_nothing_wait_for_nobody(going):
    going.begin(3, 0, 1)


def test_a_trial_that_is_a_dag_asks_once_the_one_before_has_ended(world):
    run = sweep(world, text=OVER_A_DAG)
    params = next(node for node in run.plan.nodes if node.kind == "params")
    begin_dag_trial(run.task(params, 0), run.around())
    with pytest.raises(FullError, match="runs no more than 1 at once"):
        begin_dag_trial(run.task(params, 1), run.around())
    run.ended[f"{params.details['ends_with']}[0]"] = Ended("succeeded", "")
    assert begin_dag_trial(run.task(params, 1), run.around())[0].status == "succeeded"
