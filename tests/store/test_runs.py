from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Condition, Run
from polyaxon_airflow.store.lifecycle import DONE, STATUSES, may_follow
from tests.store.samples import NOON, after, run, uuid

EVERYTHING = Run(
    uuid=uuid(7),
    name="train",
    created_at=NOON,
    description="the night's run",
    owner="acme",
    project="vision",
    user="ada",
    dag_id="train",
    dag_run_id="manual__1",
    task_id="search.trial",
    map_index=3,
    try_number=2,
    kind="job",
    runtime="tfjob",
    backend="kubernetes",
    pipeline=uuid(1),
    controller=uuid(2),
    trial_index=3,
    original=uuid(3),
    cloning_kind="restart",
    managed_by="agent",
    component_state=uuid(4),
    content={"run": {"kind": "job", "container": {"image": "python"}}},
    handle={"pid": 12},
    pending="approval",
    updated_at=after(1),
    schedule_at=after(2),
    inputs={"lr": 0.1, "layers": [1, 2], "name": "Zoë\0", "none": None, "big": 10**400},
    outputs={"loss": float("inf")},
    meta={"iteration": 1, "has_metrics": True},
    tags=("a", "b"),
    connections=("s3",),
    artifacts_store="s3",
    artifacts_path="/data/7",
    framework="torch",
    queue="gpu",
    agent="cluster",
    namespace="ml",
    cost=1.5,
    cpu=0.5,
    memory=2.0**31,
    gpu=1.0,
    custom=2.0,
    cache_key="abc",
)


def test_the_runs_that_a_runner_executes(store):
    def begin(number, handle, status, **more):
        store.runs.begin(
            run(number, handle=handle, **{"dag_id": "d", "dag_run_id": "r", "task_id": "t", **more})
        )
        store.runs.set_status(uuid(number), status, at=after(1))

    begin(1, {"runner": "kubernetes"}, "running", map_index=4)
    begin(2, {"runner": "process"}, "running")
    begin(3, {"runner": "kubernetes"}, "failed")
    begin(4, None, "created")
    begin(5, {"runner": "kubernetes"}, "running", task_id=None)
    begin(6, {"runner": "kubernetes"}, "running", dag_run_id="another")
    both = {uuid(1): ("d", "r", "t", 4), uuid(6): ("d", "another", "t", -1)}
    assert store.runs.executed_by("kubernetes") == both
    assert store.runs.executed_by("kubernetes", dag_run=("d", "r")) == {uuid(1): both[uuid(1)]}


class TestBegin:
    @pytest.mark.parametrize(
        "new", [pytest.param(run(), id="least"), pytest.param(EVERYTHING, id="everything")]
    )
    def test_what_is_written_comes_back(self, store, new):
        stored = store.runs.begin(new)
        assert stored == replace(new, updated_at=new.updated_at or new.created_at)
        assert store.runs.get(new.uuid) == stored

    def test_a_retry_gets_the_stored_run(self, store):
        store.runs.begin(run(handle={"pod": "a"}))
        store.runs.update(uuid(1), at=after(1), outputs={"loss": 1})
        again = store.runs.begin(run(name="other", try_number=2))
        assert (again.name, again.handle, again.outputs, again.try_number) == (
            "run-1",
            {"pod": "a"},
            {"loss": 1},
            2,
        )

    def test_a_late_earlier_try_does_not_take_the_run_back(self, store):
        store.runs.begin(run(try_number=3))
        assert store.runs.begin(run(try_number=2)).try_number == 3

    def test_times_come_back_in_utc(self, store):
        berlin = timezone(timedelta(hours=2))
        stored = store.runs.begin(run(created_at=datetime(2026, 7, 1, 14, tzinfo=berlin)))
        assert stored.created_at == NOON
        assert stored.created_at.utcoffset() == timedelta(0)

    def test_a_uuid_is_32_hex_digits(self):
        with pytest.raises(StoreError, match="a run's uuid is 32 lower case hex digits, got 'Train'"):
            Run(uuid="Train", name="train", created_at=NOON)

    def test_an_unknown_run_is_none(self, store):
        assert store.runs.get(uuid(9)) is None


class TestChildren:
    def test_by_trial_index_without_content(self, store):
        for number, index in [(1, 2), (2, None), (3, 0), (4, 1)]:
            store.runs.begin(run(number, pipeline=uuid(9), trial_index=index, content={"a": 1}))
        store.runs.begin(run(5, pipeline=uuid(8)))
        children = store.runs.children(uuid(9))
        assert [child.trial_index for child in children] == [0, 1, 2, None]
        assert {child.content for child in children} == {None}


class TestUpdate:
    def test_mappings_are_merged_and_the_rest_is_replaced(self, store):
        store.runs.begin(run(inputs={"a": 1}, outputs={"x": 1, "y": 2}, tags=("old",)))
        store.runs.update(
            uuid(1), at=after(5), outputs={"y": 3, "z": 4}, tags=["new"], handle={"pid": 1}, cost=2.0
        )
        changed = store.runs.get(uuid(1))
        assert changed.inputs == {"a": 1}
        assert changed.outputs == {"x": 1, "y": 3, "z": 4}
        assert (changed.tags, changed.handle, changed.cost) == (("new",), {"pid": 1}, 2.0)
        assert changed.updated_at == after(5)

    def test_an_unknown_run_is_an_error(self, store):
        with pytest.raises(StoreError, match=f"the run store has no run {uuid(9)}"):
            store.runs.update(uuid(9), at=NOON, cost=1.0)


class TestStatus:
    def test_a_life(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "queued", at=after(1))
        store.runs.set_status(uuid(1), "starting", at=after(10))
        store.runs.set_status(uuid(1), "running", at=after(20))
        store.runs.set_status(uuid(1), "succeeded", "loss 0.1 after 3 epochs", at=after(70.5))
        ended = store.runs.get(uuid(1))
        assert (ended.status, ended.reason) == ("succeeded", "loss 0.1 after 3 epochs")
        assert (ended.started_at, ended.wait_time) == (after(10), 10.0)
        assert (ended.finished_at, ended.duration) == (after(70.5), 60.5)

    def test_conditions_keep_every_status_with_its_reason(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "running", "started on worker-1", at=after(1))
        store.runs.set_status(
            uuid(1), "stopping", "median", "loss 2.31, median of 7 trials 1.12", at=after(2)
        )
        store.runs.set_status(uuid(1), "stopped", "stopped at step 6", at=after(3))
        assert store.runs.conditions(uuid(1)) == [
            Condition("running", "started on worker-1", None, after(1), after(1)),
            Condition("stopping", "median", "loss 2.31, median of 7 trials 1.12", after(2), after(2)),
            Condition("stopped", "stopped at step 6", None, after(3), after(3)),
        ]

    def test_a_status_reported_again_updates_its_condition(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "running", "epoch 1", at=after(1))
        store.runs.set_status(uuid(1), "running", "epoch 2", at=after(2))
        assert store.runs.conditions(uuid(1)) == [Condition("running", "epoch 2", None, after(1), after(2))]

    def test_a_run_that_never_started_started_when_it_was_made(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "skipped", "the sweep was stopped", at=after(4))
        ended = store.runs.get(uuid(1))
        assert (ended.started_at, ended.wait_time, ended.duration) == (NOON, 0.0, 4.0)

    def test_done_is_final(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "failed", "exit code 1", at=after(1))
        store.runs.set_status(uuid(1), "running", "too late", at=after(2))
        late = store.runs.get(uuid(1))
        assert (late.status, late.reason, late.finished_at) == ("failed", "exit code 1", after(1))
        assert len(store.runs.conditions(uuid(1))) == 1

    def test_force_opens_a_done_run(self, store):
        store.runs.begin(run())
        store.runs.set_status(uuid(1), "running", at=after(1))
        store.runs.set_status(uuid(1), "failed", at=after(2))
        store.runs.set_status(uuid(1), "retrying", "try 2 of 3", at=after(3), force=True)
        opened = store.runs.get(uuid(1))
        assert (opened.status, opened.finished_at, opened.duration) == ("retrying", None, None)
        store.runs.set_status(uuid(1), "succeeded", at=after(9))
        ended = store.runs.get(uuid(1))
        assert (ended.finished_at, ended.duration) == (after(9), 8.0)

    def test_an_unknown_run_is_an_error(self, store):
        with pytest.raises(StoreError, match="no run"):
            store.runs.set_status(uuid(9), "running", at=NOON)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_which_statuses_may_follow(status):
    allowed = {new for new in STATUSES if may_follow(status, new)}
    if status in DONE:
        assert allowed == {status}
    elif status == "stopping":
        assert allowed == DONE | {"stopping"}
    else:
        assert allowed == STATUSES
    assert {new for new in STATUSES if may_follow(status, new, force=True)} == STATUSES


def test_a_heartbeat_is_seen(store):
    store.runs.begin(run())
    store.runs.heartbeat(uuid(1), at=after(30))
    assert store.runs.get(uuid(1)).heartbeat_at == after(30)


def test_only_the_fields_that_are_asked_for_are_read(store):
    store.runs.begin(run(1, inputs={"lr": 0.1}, outputs={"loss": 0.5}, tags=("a",), content={"run": {}}))
    (found,) = store.runs.find("inputs.lr:0.1", at=NOON, sort="-metrics.loss", fields=("outputs", "status"))
    assert (found.uuid, found.name, found.outputs, found.status) == (
        uuid(1),
        "run-1",
        {"loss": 0.5},
        "created",
    )
    assert (found.inputs, found.tags, found.content, found.map_index) == ({}, (), None, -1)


def test_a_status_and_what_changes_with_it_are_written_together(store):
    store.runs.begin(run(inputs={"a": 1}))
    store.runs.set_status(uuid(1), "running", at=after(1), handle={"pod": "p"}, inputs={"b": 2})
    moved = store.runs.get(uuid(1))
    assert (moved.status, moved.handle, moved.inputs) == ("running", {"pod": "p"}, {"a": 1, "b": 2})
    store.runs.set_status(uuid(1), "succeeded", at=after(2))
    store.runs.set_status(uuid(1), "running", at=after(3), meta={"finished_try": 1})
    late = store.runs.get(uuid(1))  # what is done stays so, and what is told of it is kept
    assert (late.status, late.meta) == ("succeeded", {"finished_try": 1})
