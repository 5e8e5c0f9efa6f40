"""Runs whose workers have died for the last time: they are failures, and nothing of them goes on."""

from dataclasses import replace

import pytest

from polyaxon_airflow.execution.ending import end_sweep
from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.lost import LOST, end_lost_processes
from polyaxon_airflow.execution.statuses import WORKER_DIED
from polyaxon_airflow.execution.trials import start_trial
from polyaxon_airflow.store import Run
from polyaxon_airflow.store.records import TaskKey
from tests.execution.flow import DagRun, World

SWEEP = """
kind: operation
name: search
matrix: {kind: grid, params: {x: {kind: choice, value: [1.0, 2.0]}}}
component:
  inputs: [{name: x, type: float}]
  outputs: [{name: loss, type: metric}]
  run:
    kind: job
    container: {image: x, command: [sh, -c], args: ["echo step=1 loss={{ x }}; [ {{ x }} = 2.0 ] || exec sleep 60"]}
"""
JOB = """
kind: component
name: single
run: {kind: job, container: {image: x, command: [sleep, "60"]}}
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def left(world):
    """A sweep of which one trial has ended, and of the other the worker has died."""
    run = DagRun(world, world.plan(SWEEP), {}, "run")
    trial, _ = run.plan.nodes
    execution, _, _ = start_trial(run.task(trial, 0), run.around(), 0)
    run.trial(trial, 1)
    return run, execution.uuid


def test_a_trial_that_was_lost_is_a_failure_of_the_sweep_and_runs_no_more(world, left):
    run, uuid = left
    guardian = world.runner._living[uuid].guardian
    ended = end_sweep(run.task(run.plan.nodes[1]), run.around())
    told = {trial["index"]: (trial["state"], trial["reason"]) for trial in ended.outputs["trials"]}
    assert told == {0: ("failed", LOST), 1: ("succeeded", "")}
    assert (ended.status, ended.outputs["best"]["index"]) == ("succeeded", 1)
    assert world.store.runs.get(uuid).status == "failed"
    assert guardian.poll() is not None


def test_a_trial_whose_task_was_marked_has_time_to_end_itself(world, left):
    run, uuid = left
    slept = []

    def ends_meanwhile(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            world.store.runs.set_status(uuid, "stopped", "marked", at=world.clock())

    around = replace(run.around(), sleep=ends_meanwhile)
    ended = end_sweep(run.task(run.plan.nodes[1]), around)
    assert {trial["state"] for trial in ended.outputs["trials"]} == {"stopped", "succeeded"}
    assert len(slept) == 3
    world.runner.stop({"uuid": uuid}, grace=0)


def test_a_run_whose_worker_has_died_is_open_to_the_next_attempt(world):
    run = DagRun(world, world.plan(JOB), {}, "run")
    task, around = run.task(run.plan.nodes[0]), run.around()
    orphan = Execution(task, replace(around, interrupted=lambda: WORKER_DIED))
    started = orphan.start()
    ended = orphan.finish(started, orphan.follow(started))
    left = world.store.runs.get(orphan.uuid)
    assert (ended.status, left.status, left.reason) == ("failed", "retrying", WORKER_DIED)
    following = Execution(replace(task, try_number=2), around)
    started = following.start()
    world.runner.stop(started.handle, grace=0)
    assert world.store.runs.get(orphan.uuid).status == "running"


def test_local_processes_are_failures_once_airflow_has_given_up_their_tasks(world):
    run = DagRun(world, world.plan(JOB), {}, "run")
    execution = Execution(run.task(run.plan.nodes[0]), run.around())
    started = execution.start()
    pod = {"dag_id": "single", "dag_run_id": "run", "task_id": "pod"}
    world.store.runs.begin(
        Run(uuid="f" * 32, name="pod", created_at=world.at, handle={"runner": "kubernetes"}, **pod)
    )
    asked = []

    def close(given_up, dag_run_id="run"):
        end_lost_processes(world.store, "single", dag_run_id, given_up, at=world.clock())
        return world.store.runs.get(execution.uuid)

    assert close(lambda _: set()).status == "running"
    assert close(lambda tasks: asked.extend(tasks) or set(tasks)).reason == LOST
    assert asked == [TaskKey("single", "run", run.plan.nodes[0].id, -1)]
    assert world.store.runs.get("f" * 32).status == "created"
    close(asked.extend)  # nothing is open any more, so that nobody asks Airflow
    close(asked.extend, "another")
    assert len(asked) == 1
    world.runner.stop(started.handle, grace=0)
