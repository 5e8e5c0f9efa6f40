"""From events in a store to runs; Airflow is a list of run ids that refuses those it has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polyaxon_airflow.events.watches import watch_of
from polyaxon_airflow.store import Event, open_store
from polyaxon_airflow.watching.dispatching import AT_ONCE, Dispatcher, Post, RefusedRunError
from polyaxon_airflow.watching.following import dispatch_cursor
from tests.watching.watchers import NOON

WATCH = watch_of(["connection_git_commit"], "connections.code")
CUSTOM = watch_of(["project_custom_event"], "events.new-labels")


class Airflow:
    """Runs by id; dies, or refuses, where a test says so."""

    def __init__(self):
        self.runs, self.notes, self.dies_at, self.refuses = {}, {}, None, ()

    def __call__(self, run_id, conf, note):
        if self.dies_at is not None and len(self.runs) == self.dies_at:
            self.dies_at = None
            raise ConnectionError("the API server is away")
        if conf["event"]["label"] in self.refuses:
            raise RefusedRunError("lr is required")
        if run_id in self.runs:
            return False
        self.runs[run_id], self.notes[run_id] = conf, note
        return True

    @property
    def labels(self):
        return [conf["event"]["label"] for conf in self.runs.values()]


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as found:
        yield found


@pytest.fixture
def airflow():
    return Airflow()


@pytest.fixture
def dispatcher(store, airflow):
    return lambda dag_id="train", watch=WATCH, **more: Dispatcher(store, watch, dag_id, airflow, **more)


@pytest.fixture
def notice(store):
    """Keeps events with these labels, and gives the number of the first."""

    def keep(*labels):
        kept = store.cursors.get(WATCH.name)
        events = [
            Event(f"key {label}", "connection_git_commit", label, {"sha": label}, NOON) for label in labels
        ]
        value = (0 if kept is None else kept.value) + 1
        return store.events.record(WATCH.name, events, expected=kept and kept.value, value=value)[0].number

    return keep


def test_each_event_starts_one_run(dispatcher, notice, airflow):
    first = notice("a", "b")
    done = dispatcher().dispatch(first)
    assert airflow.labels == ["a", "b"]
    assert done.started == list(airflow.runs)
    conf = airflow.runs[done.started[0]]
    assert conf == {
        "event": {
            "kind": "connection_git_commit",
            "ref": "connections.code",
            "id": "key a",
            "label": "a",
            "at": NOON.isoformat(),
            "sha": "a",
        }
    }
    assert airflow.notes[done.started[0]] == "connection_git_commit of connections.code: a"
    notice("c")
    assert dispatcher().dispatch(None).started == [list(airflow.runs)[2]]
    assert dispatcher().dispatch(None).started == []


def test_a_note_is_as_long_as_airflow_can_keep_it(dispatcher, notice, airflow):
    dispatcher().dispatch(notice("x" * 2000))
    (note,) = airflow.notes.values()
    assert len(note) == 1000
    assert note.startswith("connection_git_commit of connections.code: xxx")
    assert note.endswith("x ...")


def test_a_dag_that_comes_later_begins_with_the_event_that_wakes_it(dispatcher, notice, airflow):
    notice("old")
    dispatcher("train").dispatch(1)
    woken_by = notice("new")
    dispatcher("late").dispatch(woken_by)
    assert airflow.labels == ["old", "new"]


def test_a_dag_that_another_event_wakes_first_loses_nothing_of_this_watch(dispatcher, notice, airflow):
    first = notice("on its way")
    assert dispatcher().dispatch(None).started == []  # woken by an event of another watch
    dispatcher().dispatch(first)
    assert airflow.labels == ["on its way"]


def test_two_dags_start_a_run_each(dispatcher, notice, store):
    first, runs = notice("a"), {"x": Airflow(), "y": Airflow()}
    for dag_id, airflow in runs.items():
        Dispatcher(store, WATCH, dag_id, airflow).dispatch(first)
    assert list(runs["x"].runs) == list(runs["y"].runs)  # the same id in two DAGs


@pytest.mark.parametrize("dies_at", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 7])
def test_a_dispatcher_that_dies_is_gone_on_with_and_no_run_is_twice(dispatcher, notice, airflow, dies_at):
    labels = [f"commit-{number}" for number in range(2 * AT_ONCE + 20)]
    first = notice(*labels)
    airflow.dies_at = dies_at
    with pytest.raises(ConnectionError):
        dispatcher().dispatch(first)
    assert len(airflow.runs) == dies_at
    dispatcher().dispatch(first)  # the retry of the same task is woken by the same event
    assert airflow.labels == labels


def test_an_event_that_the_dag_does_not_take_is_told_and_the_others_run(dispatcher, notice, airflow):
    airflow.refuses = ("b",)
    done = dispatcher().dispatch(notice("a", "b", "c"))
    assert airflow.labels == ["a", "c"]
    assert done.refused == ["b: lr is required"]
    assert dispatcher().dispatch(None).refused == []


def test_coalesced_events_are_one_run(dispatcher, notice, airflow):
    found = dispatcher(coalesce=True)
    done = found.dispatch(notice("a", "b", "c"))
    (conf,) = airflow.runs.values()
    assert conf["event"]["label"] == "c"
    assert [event["label"] for event in conf["events"]] == ["a", "b", "c"]
    assert airflow.notes[done.started[0]].endswith(": c and 2 more")
    assert found.dispatch(None).started == []
    notice("d")
    assert len(found.dispatch(None).started) == 1


def test_the_cursor_is_where_other_processes_see_it(dispatcher, notice, store):
    dispatcher().dispatch(notice("a"))
    assert store.cursors.get(dispatch_cursor(WATCH.name, "train")).value == 1


def post(number, seconds, **extra):
    return Post(number, NOON + timedelta(seconds=seconds), extra)


class TestPosts:
    @pytest.fixture
    def posts(self):
        return []

    @pytest.fixture
    def run(self, dispatcher, posts):
        """Dispatch what is posted, as Airflow would tell it."""

        def dispatch(first=None, **more):
            found = dispatcher(watch=CUSTOM, **more)
            return found.dispatch_posts(first, lambda since: [one for one in posts if one.at >= since])

        return dispatch

    def test_each_starts_one_run(self, posts, run, airflow):
        posts += [post(1, 0, rows=5), post(2, 0), post(3, 1)]
        run(first=NOON)
        assert airflow.labels == ["1", "2", "3"]
        assert next(iter(airflow.runs.values()))["event"] == {
            "kind": "project_custom_event",
            "ref": "events.new-labels",
            "id": "1",
            "label": "1",
            "at": NOON.isoformat(),
            "rows": 5,
        }
        posts.append(post(4, 2))
        run(first=NOON + timedelta(seconds=2))
        run()
        assert airflow.labels == ["1", "2", "3", "4"]

    def test_one_that_shows_up_late_is_not_lost(self, posts, run, airflow):
        posts.append(post(2, 30))
        run(first=NOON + timedelta(seconds=30))
        posts.insert(0, post(1, 10))  # its transaction took longer
        run(first=NOON + timedelta(seconds=30))
        assert airflow.labels == ["2", "1"]

    def test_those_before_the_first_are_of_no_concern(self, posts, run, airflow):
        posts += [post(1, -60), post(2, 0)]
        run(first=NOON)
        posts.append(post(3, 1))
        run()
        assert airflow.labels == ["2", "3"]

    def test_those_before_the_dag_was_there_do_not_count(self, posts, run, airflow):
        posts += [post(1, -3600), post(2, 0)]
        run(first=NOON)
        assert airflow.labels == ["2"]

    def test_one_that_is_posted_twice_under_a_key_is_one(self, posts, run, airflow):
        posts += [post(1, 0, key="build 7", label="build-7"), post(2, 5, key="build 7", label="build-7")]
        run(first=NOON)
        assert airflow.labels == ["build-7"]

    def test_coalesced(self, posts, run, airflow):
        posts += [post(1, 0), post(2, 1)]
        run(first=NOON, coalesce=True)
        run(first=NOON, coalesce=True)
        (conf,) = airflow.runs.values()
        assert [event["label"] for event in conf["events"]] == ["1", "2"]

    def test_a_dispatcher_that_nothing_woke_waits(self, posts, run, airflow):
        posts.append(post(1, 0))
        assert run().started == []
        assert airflow.runs == {}
