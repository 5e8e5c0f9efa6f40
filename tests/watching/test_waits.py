from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from polyaxon_airflow.events.waiting import Wanted
from polyaxon_airflow.store import Artifact, Run, open_store
from polyaxon_airflow.watching.polling import Pace, Surroundings
from polyaxon_airflow.watching.waits import STATES_EVERY, Board, DagRun, Wait, survey
from tests.watching.watchers import NOON

RUN = DagRun("d", "r")


def wait_of(*statuses, operation="train", tasks=("train",), last=("train",), dag_run=RUN):
    wanted = Wanted(
        operation,
        tuple(status if status.startswith("run_") else f"run_status_{status}" for status in statuses),
    )
    return Wait(dag_run, (wanted,), {operation: tasks}, {operation: last})


class Airflow:
    """States of tasks, by run and task; counts how often it is asked."""

    def __init__(self):
        self.states, self.questions, self.is_silent = {}, [], False
        self.meanwhile = lambda: None

    async def __call__(self, dag_id, run_ids, task_ids):
        self.questions.append((dag_id, sorted(run_ids), list(task_ids)))
        self.meanwhile()
        if self.is_silent:
            raise TimeoutError("no answer")
        return {
            run_id: {
                task: state
                for (run, task), state in self.states.items()
                if run == run_id and task in task_ids
            }
            for run_id in run_ids
        }


class Scene:
    def __init__(self, store):
        self.store, self.airflow, self.now, self.number = store, Airflow(), NOON, 0
        self.board = Board(self.airflow)
        self.around = Surroundings(store, call=asyncio.to_thread, tell=print, clock=lambda: self.now)

    def begin(self, task="train", *statuses, map_index=-1, run=RUN, **fields):
        """A run of a task that has been through these statuses."""
        self.number += 1
        uuid = f"{self.number:032x}"
        fields = {
            "dag_id": run.dag_id,
            "dag_run_id": run.run_id,
            "task_id": task,
            "map_index": map_index,
            **fields,
        }
        self.store.runs.begin(Run(uuid, task, self.tick(), **fields))
        self.go(uuid, *statuses)
        return uuid

    def go(self, uuid, *statuses):
        for status in statuses:
            self.store.runs.set_status(uuid, status, at=self.tick())

    def tick(self, seconds=1):
        self.now += timedelta(seconds=seconds)
        return self.now

    def refresh(self):
        return asyncio.run(self.board.refresh(self.around))

    def look(self, wait):
        self.board.waits[wait] += 1
        self.news = asyncio.run(self.board.refresh(self.around))
        self.board.waits[wait] -= 1
        return self.board.judge(wait)


@pytest.fixture
def scene(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        yield Scene(store)


def test_an_operation_is_waited_for_until_it_is_there(scene):
    wait = wait_of("running")
    assert scene.look(wait).state == "wait"
    uuid = scene.begin("train", "starting")
    assert scene.look(wait).state == "wait"
    scene.go(uuid, "running")
    assert scene.look(wait) == ("reached", "run_status_running of ops.train")


def test_an_operation_that_never_ran_is_known_from_airflow(scene):
    wait = wait_of("running")
    scene.airflow.states[("r", "train")] = "upstream_failed"
    assert scene.look(wait) == ("never", "ops.train upstream_failed without run_status_running")
    assert scene.look(wait_of("upstream_failed")).state == "reached"


@pytest.mark.parametrize(
    ("state", "statuses", "told"),
    [
        pytest.param(
            "skipped",
            ["upstream_failed"],
            "upstream_failed",
            id="a skip of Airflow's that is upstream_failed",
        ),
        pytest.param("failed", ["stopped"], "stopped", id="a failure that is a stop"),
        pytest.param("success", ["running", "succeeded"], "succeeded", id="a success"),
    ],
)
def test_the_store_tells_how_it_ended(scene, state, statuses, told):
    scene.begin("train", *statuses)
    scene.airflow.states[("r", "train")] = state
    assert scene.look(wait_of("warning")).reason == f"ops.train {told} without run_status_warning"


def test_the_run_of_a_task_that_was_cleared_does_not_count(scene):
    scene.begin("train", "running", "failed")
    scene.airflow.states[("r", "train")] = None
    assert scene.look(wait_of("failed")).state == "wait"
    scene.begin("train", "running")
    scene.airflow.states[("r", "train")] = "running"
    assert scene.look(wait_of("failed")).state == "wait"
    assert scene.look(wait_of("running")).state == "reached"


class TestSweeps:
    SWEEP: ClassVar = {"operation": "sweep", "tasks": ("sweep.trial", "sweep.best"), "last": ("sweep.best",)}

    def test_run_when_one_trial_does(self, scene):
        scene.begin("sweep.trial", "created", map_index=0)
        assert scene.look(wait_of("running", **self.SWEEP)).state == "wait"
        scene.begin("sweep.trial", "running", map_index=1)
        assert scene.look(wait_of("running", **self.SWEEP)).state == "reached"

    def test_end_with_their_last_task_and_not_with_a_trial(self, scene):
        scene.begin("sweep.trial", "running", "failed", map_index=0)
        assert scene.look(wait_of("failed", "done", **self.SWEEP)).state == "wait"
        scene.airflow.states[("r", "sweep.best")] = "success"
        scene.tick(STATES_EVERY.total_seconds())
        assert scene.look(wait_of("done", **self.SWEEP)).state == "reached"
        assert (
            scene.look(wait_of("failed", **self.SWEEP)).reason
            == "ops.sweep succeeded without run_status_failed"
        )


def test_facts_besides_statuses(scene):
    uuid = scene.begin("train", "running")
    wait = wait_of("run_new_artifacts", "run_approved_actor")
    assert scene.look(wait).state == "wait"
    scene.store.lineage.log(uuid, [Artifact("data", "file", is_input=True)])
    scene.go(uuid, "processing")
    assert scene.look(wait).state == "wait"
    scene.store.lineage.log(uuid, [Artifact("model", "model")])
    scene.go(uuid, "running")
    assert scene.look(wait).reason == "run_new_artifacts of ops.train"
    approved = scene.begin("other", "created", meta={"approved_at": "now"})
    assert approved
    assert (
        scene.look(wait_of("run_approved_actor", operation="other", tasks=("other",), last=("other",))).state
        == "reached"
    )


class TestQuestions:
    def waits(self, scene, count, dags=2):
        for number in range(count):
            scene.board.waits[wait_of("running", dag_run=DagRun(f"d{number % dags}", f"r{number}"))] += 1

    def refresh(self, scene):
        return asyncio.run(scene.board.refresh(scene.around))

    def test_one_a_dag_however_many_wait(self, scene):
        self.waits(scene, 1000)
        assert len(self.refresh(scene)) == 1000
        assert [(dag_id, len(run_ids), tasks) for dag_id, run_ids, tasks in scene.airflow.questions] == [
            ("d0", 500, ["train"]),
            ("d1", 500, ["train"]),
        ]

    def test_none_while_nothing_happens(self, scene):
        self.waits(scene, 10)
        self.refresh(scene)
        scene.airflow.questions.clear()
        assert self.refresh(scene) == frozenset()
        assert scene.airflow.questions == []

    def test_only_about_runs_that_have_moved(self, scene):
        self.waits(scene, 10)
        self.refresh(scene)
        scene.airflow.questions.clear()
        moved = DagRun("d1", "r3")
        scene.begin("train", "running", run=moved)
        assert self.refresh(scene) == {moved}
        assert scene.airflow.questions == [("d1", ["r3"], ["train"])]

    def test_now_and_then_about_all(self, scene):
        self.waits(scene, 4, dags=1)
        self.refresh(scene)
        scene.airflow.questions.clear()
        scene.airflow.states[("r2", "train")] = "skipped"
        scene.tick(STATES_EVERY.total_seconds())
        assert self.refresh(scene) == {DagRun("d0", "r2")}

    def test_runs_that_nobody_waits_in_are_forgotten(self, scene):
        self.waits(scene, 3)
        self.refresh(scene)
        scene.board.waits.clear()
        scene.tick(3600)
        scene.airflow.questions.clear()
        assert self.refresh(scene) == frozenset()
        assert scene.airflow.questions == []


def test_a_task_that_begins_to_wait_is_told_what_others_were_told_before(scene):
    """As where Airflow defers the tasks of a DAG run in several goes: nothing more may ever happen in it."""
    scene.begin("train", "succeeded")
    early, late = wait_of("failed"), wait_of("succeeded")
    scene.board.join(early)
    assert [scene.refresh(), scene.refresh()] == [{RUN}, set()]
    scene.board.join(late)
    assert scene.refresh() == {RUN}
    assert scene.board.judge(late).state == "reached"
    scene.board.join(late)
    scene.board.leave(late)
    assert [scene.refresh(), scene.refresh()] == [{RUN}, set()]


def test_a_task_that_begins_to_wait_during_a_look_is_told_by_the_next(scene):
    scene.begin("train", "succeeded")
    scene.board.join(wait_of("failed"))
    scene.airflow.meanwhile = lambda: scene.board.join(wait_of("succeeded", operation="test", tasks=["test"]))
    assert scene.refresh() == {RUN}
    scene.airflow.meanwhile = lambda: None
    assert [scene.refresh(), scene.refresh()] == [{RUN}, set()]
    assert scene.airflow.questions[-1] == ("d", ["r"], ["test", "train"])


def test_what_happens_while_airflow_does_not_answer_is_told_when_it_does(scene):
    wait, told, pauses = wait_of("running"), [], []
    scene.board.waits[wait] += 1
    acts = [
        lambda: (scene.begin("train", "running"), setattr(scene.airflow, "is_silent", True)),
        lambda: None,
        lambda: setattr(scene.airflow, "is_silent", False),
    ]

    async def sleep(seconds):
        pauses.append(seconds)
        acts.pop(0)()

    async def judgements():
        around = replace(scene.around, tell=told.append, sleep=sleep, chance=lambda: 0.5)
        async with aclosing(survey(scene.board, Pace(5), around)) as news:
            return [(await anext(news), scene.board.judge(wait).state) for _ in range(2)]

    assert asyncio.run(judgements()) == [({RUN}, "wait"), ({RUN}, "reached")]
    assert pauses == [5, 5, 10]
    assert [text.rpartition(" (")[0] for text in told] == [
        "operations that wait for events: TimeoutError: no answer"
    ] * 2
