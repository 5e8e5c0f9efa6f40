from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from polyaxon_airflow.store import Event, History
from tests.store.samples import NOON, after, run, uuid

WATCH = "git connections.code"


def event(number, *, at=NOON):
    return Event(f"sha{number}", "connection_git_commit", f"sha{number}", {"sha": f"sha{number}"}, at)


def test_events_are_kept_with_the_move_of_their_cursor(store):
    kept = store.events.record(WATCH, [event(1), event(2)], expected=None, value="sha2")
    assert store.cursors.get(WATCH).value == "sha2"
    assert [replace(found, number=0) for found in kept] == [event(1), event(2)]
    assert store.events.after(WATCH, 0) == kept
    assert store.events.after(WATCH, kept[0].number) == kept[1:]
    assert store.events.after(WATCH, 0, limit=1) == kept[:1]
    assert store.events.newest(WATCH) == kept[1].number
    assert store.events.newest("git connections.other") == 0


def test_nothing_is_kept_if_the_cursor_stands_elsewhere(store):
    store.events.record(WATCH, [event(1)], expected=None, value="sha1")
    assert store.events.record(WATCH, [event(2)], expected=None, value="sha2") is None
    assert [found.key for found in store.events.after(WATCH, 0)] == ["sha1"]
    assert store.cursors.get(WATCH).value == "sha1"


def test_an_event_that_is_noticed_twice_is_one(store):
    store.events.record(WATCH, [event(1)], expected=None, value=1)
    assert [found.key for found in store.events.record(WATCH, [event(1), event(2)], expected=1, value=2)] == [
        "sha2"
    ]
    assert [
        found.key for found in store.events.record("git connections.copy", [event(1)], expected=None, value=1)
    ] == ["sha1"]


def test_of_watchers_that_notice_the_same_at_once_one_records_it(store):
    def notice(_):
        return store.events.record(WATCH, [event(n) for n in range(20)], expected=None, value="sha19")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(notice, range(8)))
    assert sum(answer is not None for answer in answers) == 1
    assert len(store.events.after(WATCH, 0)) == 20


def test_old_events_are_forgotten_when_asked(store):
    store.events.record(WATCH, [event(1), event(2, at=after(60))], expected=None, value=2)
    assert store.events.prune(before=after(60)) == 1
    assert [found.key for found in store.events.after(WATCH, 0)] == ["sha2"]


def statuses(store, **choice):
    found = store.runs.reached({"running", "failed"}, at=after(900), **choice)
    return [(reached_run.name, condition.status, condition.since) for reached_run, condition in found]


def test_statuses_that_runs_reached_since_a_time(store):
    for number, dag_id in ((1, "train"), (2, "other")):
        store.runs.begin(replace(run(number), dag_id=dag_id))
        for seconds, status in ((10, "starting"), (20, "running"), (30 + number, "failed")):
            store.runs.set_status(uuid(number), status, at=after(seconds))
    assert statuses(store, since=after(20)) == [
        ("run-1", "running", after(20)),
        ("run-2", "running", after(20)),
        ("run-1", "failed", after(31)),
        ("run-2", "failed", after(32)),
    ]
    assert statuses(store, since=after(21), dag_id="train") == [("run-1", "failed", after(31))]
    assert statuses(store, since=after(21), query=f"uuid:{uuid(2)}") == [("run-2", "failed", after(32))]
    assert statuses(store, since=after(40)) == []


@pytest.mark.parametrize(
    ("pipeline", "expected"), [(None, ["run-1"]), (uuid(9), [])], ids=["outermost", "a trial"]
)
def test_the_runs_of_a_dag_are_its_outermost(store, pipeline, expected):
    store.runs.begin(replace(run(1), dag_id="train", pipeline=pipeline))
    assert [found.name for found in store.runs.find(dag_id="train", at=NOON)] == expected


def test_the_last_update_of_all_runs(store):
    assert store.runs.last_update() is None
    store.runs.begin(run(1))
    store.runs.set_status(uuid(1), "running", at=after(20))
    store.runs.begin(run(2))
    assert store.runs.last_update() == after(20)
    assert store.runs.updated_since(after(20)) == {uuid(1)}
    assert store.runs.updated_since(after(0)) == {uuid(1), uuid(2)}


def test_what_the_tasks_of_dag_runs_have_been_through(store):
    def begin(number, dag_run_id, task_id, *statuses, **more):
        store.runs.begin(run(number, dag_id="d", dag_run_id=dag_run_id, task_id=task_id, **more))
        for seconds, status in enumerate(statuses):
            store.runs.set_status(uuid(number), status, at=after(seconds))

    begin(1, "r1", "train", "starting", "running", "failed")
    begin(2, "r1", "train")  # cleared: another run of the same task
    begin(3, "r1", "sweep.trial", "running", map_index=4)
    begin(4, "r2", "train", "running", meta={"approved_at": "now"})
    begin(5, "r3", "train", "running")
    found = store.runs.histories([("d", "r1"), ("d", "r2")])
    assert sorted(found) == [
        History("d", "r1", "sweep.trial", 4, uuid(3), ("created", "running"), {}),
        History("d", "r1", "train", -1, uuid(2), ("created",), {}),
        History("d", "r2", "train", -1, uuid(4), ("created", "running"), {"approved_at": "now"}),
    ]
    assert store.runs.histories([]) == []
