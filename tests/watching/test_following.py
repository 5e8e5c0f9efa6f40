"""A watch from its source to the store, with real parts; the clock and the pauses are the test's."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import timedelta

import pytest

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.events.watches import watch_of
from polyaxon_airflow.store import open_store
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.files import FilesSource
from polyaxon_airflow.watching.following import Follower, begin_again, dispatch_cursor
from polyaxon_airflow.watching.overview import overview
from polyaxon_airflow.watching.polling import Pace, Seen, Surroundings, poll
from tests.watching.test_files import Folder
from tests.watching.watchers import NOON

WATCH = watch_of(["connection_dataset_version"], "connections.lake?path=*.csv")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lake")


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as found:
        yield found


class ScriptEndedError(Exception):
    """The polls are over."""


class Script:
    """Runs polls: before each but the first, the next act of the script; when there is none, the polls end."""

    def __init__(self, store, *acts):
        self.acts, self.now, self.told, self.pauses = list(acts), NOON, [], []
        self.around = Surroundings(
            store,
            call=asyncio.to_thread,
            tell=self.told.append,
            clock=lambda: self.now,
            sleep=self.sleep,
            chance=lambda: 0.5,
        )

    async def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        if not self.acts:
            raise ScriptEndedError
        self.acts.pop(0)()

    def views(self, open_source, watch=WATCH):
        return poll("stream data connections.lake", open_source, lambda: [watch], Pace(), self.around)


async def until_the_end(generator, most=1000):
    found = []
    with suppress(ScriptEndedError):
        async for one in generator:
            found.append(one)
            if len(found) == most:
                break
    return found


@pytest.fixture
def wakes(store, folder):
    """The wake-ups of a watch of the folder while a script goes on."""
    place = Place("lake", "host_path", {"hostPath": str(folder.path)})

    def run(*acts, watch=WATCH, most=1000):
        script = Script(store, *acts)
        follower = Follower(watch, script.around)
        return asyncio.run(
            until_the_end(follower.follow(script.views(lambda: FilesSource(place), watch)), most)
        )

    return run


def keys(store):
    return [event.label for event in store.events.after(WATCH.name, 0)]


def nothing():
    pass


def test_events_are_kept_and_wake_those_that_wait(store, folder, wakes):
    def dispatched():
        store.cursors.move(dispatch_cursor(WATCH.name, "train"), 2, expected=None)

    found = wakes(
        lambda: [folder.write("a.csv"), folder.write("b.csv", at=1)],
        dispatched,
        lambda: folder.write("c.csv"),
    )
    assert keys(store) == ["a.csv", "b.csv", "c.csv"]
    assert found == [
        {"watch": WATCH.name, "first": 1, "last": 2, "labels": ["a.csv", "b.csv"]},
        {"watch": WATCH.name, "first": 3, "last": 3, "labels": ["c.csv"]},
    ]


def test_a_wake_that_came_to_nothing_is_given_again_later_and_later(store, folder, wakes):
    def dispatched():
        store.cursors.move(dispatch_cursor(WATCH.name, "train"), 1, expected=None)

    # Polls are a minute apart: the wake, 20 s, 40 s, 80 s and 160 s later again, at the next poll each.
    found = wakes(lambda: folder.write("a.csv"), *[nothing] * 8, dispatched, *[nothing] * 10)
    assert found == [{"watch": WATCH.name, "first": 1, "last": 1, "labels": ["a.csv"]}] * 5


def test_a_watcher_that_starts_again_goes_on_where_it_was(store, folder, wakes):
    wakes()
    folder.write("a.csv", at=-60)
    assert [wake["labels"] for wake in wakes()] == [["a.csv"]]
    assert keys(store) == ["a.csv"]


class TestWakesThatWereLost:
    """The triggerer died after an event was kept and before Airflow had the wake-up."""

    @pytest.fixture(autouse=True)
    def lost(self, wakes, folder):
        wakes()
        folder.write("a.csv", at=-60)
        wakes(most=1)

    def test_are_given_again_where_nobody_has_dispatched_yet(self, wakes):
        assert wakes() == [{"watch": WATCH.name, "first": 1, "last": 1, "labels": ["a.csv"]}]

    def test_are_given_again_while_somebody_is_behind(self, store, wakes):
        store.cursors.move(dispatch_cursor(WATCH.name, "train"), 1, expected=None)
        store.cursors.move(dispatch_cursor(WATCH.name, "other"), 0, expected=None)
        assert wakes() == [{"watch": WATCH.name, "first": None, "last": 1, "labels": ["a.csv"]}]

    def test_tell_a_dag_that_was_never_woken_where_to_begin(self, store, folder, wakes):
        store.cursors.move(dispatch_cursor(WATCH.name, "train"), 1, expected=None)
        folder.write("b.csv", at=-30)
        wakes(most=1)
        assert wakes() == [{"watch": WATCH.name, "first": 2, "last": 2, "labels": ["b.csv"]}]

    def test_are_not_given_again_when_all_have_seen_it(self, store, wakes):
        store.cursors.move(dispatch_cursor(WATCH.name, "train"), 1, expected=None)
        assert wakes() == []


def test_of_two_watchers_of_the_same_one_keeps_an_event(store, folder):
    place = Place("lake", "host_path", {"hostPath": str(folder.path)})

    async def together():
        scripts = [
            Script(store, lambda: [folder.write(f"{n}.csv", at=-60) for n in range(50)], nothing)
            for _ in range(2)
        ]
        followers = [Follower(WATCH, script.around) for script in scripts]
        return await asyncio.gather(
            *(
                until_the_end(follower.follow(script.views(lambda: FilesSource(place))))
                for follower, script in zip(followers, scripts, strict=True)
            )
        )

    first, second = asyncio.run(together())
    assert sorted(keys(store)) == sorted(f"{number}.csv" for number in range(50))
    assert 1 in [wake["first"] for wake in first + second]


class TestOutages:
    def test_are_noted_with_the_next_poll_and_end(self, store, folder, tmp_path, wakes):
        away = tmp_path / "away"
        seen = []

        def look():
            seen.append(store.cursors.get("stream data connections.lake"))

        found = wakes(
            lambda: folder.path.rename(away),
            look,
            look,
            lambda: [away.rename(folder.path), folder.write("a.csv"), look()],
            look,
        )
        errors = [
            (cursor.errors, (cursor.next_poll_at - cursor.polled_at).total_seconds()) for cursor in seen
        ]
        assert errors == [(1, 60), (2, 120), (3, 240), (0, 60)]
        assert "connection 'lake' holds no" in seen[0].error
        assert seen[3].error is None
        assert [wake["labels"] for wake in found[:1]] == [["a.csv"]]

    def test_that_nobody_foresaw_are_outages_too(self, store, folder, tmp_path):
        class Defective(FilesSource):
            def look(self, watches, now):
                if (tmp_path / "defective").exists():
                    raise TypeError("no float")
                return super().look(watches, now)

        place = Place("lake", "host_path", {"hostPath": str(folder.path)})
        errors = []
        acts = [
            (tmp_path / "defective").touch,
            lambda: errors.append(store.cursors.get("stream data connections.lake").error),
            lambda: [(tmp_path / "defective").unlink(), folder.write("a.csv")],
            nothing,
        ]
        script = Script(store, *acts)
        follower = Follower(WATCH, script.around)
        asyncio.run(until_the_end(follower.follow(script.views(lambda: Defective(place)))))
        assert keys(store) == ["a.csv"]
        assert [error.rpartition(":")[0] for error in errors] == ["TypeError: no float (test_following.py"]

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            pytest.param(
                WatchError("the query of 'x' cannot be read"),
                "the query of 'x' cannot be read",
                id="foreseen",
            ),
            pytest.param(KeyError("x"), r"KeyError: 'x' \(test_following.py:\d+\)", id="unforeseen"),
        ],
    )
    def test_of_one_watch_are_noted_under_its_name(self, store, error, text):
        class Stubborn:
            def is_same_for(self, watch):
                return False

            def step(self, watch, cursor):
                raise error

        async def once():
            yield Seen(Stubborn(), frozenset({WATCH}))

        script = Script(store)
        assert asyncio.run(until_the_end(Follower(WATCH, script.around).follow(once()))) == []
        assert re.fullmatch(text, store.cursors.get(WATCH.name).error)
        assert script.told == [f"{WATCH.name}: {store.cursors.get(WATCH.name).error}"]


def test_a_watch_whose_source_was_never_seen_is_listed_with_the_reason(store):
    def refuses():
        raise WatchError("connection 'lake' does not answer: timeout")

    name, watch = "stream data connections.lake", WATCH
    script = Script(store, nothing)
    views = poll(name, refuses, lambda: [watch], Pace(), script.around)
    assert asyncio.run(until_the_end(Follower(watch, script.around).follow(views))) == []
    (line,) = overview(store)
    assert (line.watch, line.cursor, line.error) == (
        watch.name,
        None,
        "connection 'lake' does not answer: timeout",
    )


def test_what_happens_once_a_source_that_was_never_seen_is_there_is_not_lost(store, folder, wakes):
    store.cursors.polled(WATCH.name, at=NOON)  # as the watcher has left it that never saw the folder
    wakes(lambda: folder.write("a.csv"))
    assert keys(store) == ["a.csv"]


class TestBeginningAgain:
    """`events forget` while the watcher goes on: its memory of the cursor does not count any more."""

    def forget(self, store):
        assert begin_again(store, WATCH.name, NOON)

    def test_what_is_there_is_not_new_and_what_comes_then_is(self, store, folder, wakes):
        folder.write("old.csv", at=-60)
        wakes(lambda: self.forget(store), nothing, lambda: folder.write("new.csv"))
        assert keys(store) == ["new.csv"]

    def test_what_is_there_is_new_if_the_file_wants_it(self, store, folder, wakes):
        watch = watch_of(["connection_dataset_version"], "connections.lake?path=*.csv&existing=true")
        folder.write("old.csv", at=-60)
        wakes(nothing, watch=watch)
        store.events.prune(before=NOON + timedelta(days=1))

        def forget():
            assert begin_again(store, watch.name, NOON + timedelta(minutes=1))

        wakes(forget, nothing, watch=watch)
        assert [event.label for event in store.events.after(watch.name, 0)] == ["old.csv"]

    def test_a_watch_that_nobody_knows(self, store):
        assert not begin_again(store, WATCH.name, NOON)


def test_a_watch_whose_files_stand_still_asks_the_store_nothing(store, folder, wakes):
    folder.write("a.csv", at=-60)
    wakes(nothing)
    before = store.cursors.get(WATCH.name)
    wakes(nothing, nothing, nothing)
    assert store.cursors.get(WATCH.name) == before


@pytest.mark.parametrize(
    ("pace", "errors", "chance", "delay"),
    [
        pytest.param(Pace(60, 0.1, 600), 0, 0.5, 60, id="the interval"),
        pytest.param(Pace(60, 0.1, 600), 0, 0.0, 54, id="less by jitter"),
        pytest.param(Pace(60, 0.1, 600), 0, 1.0, 66, id="more by jitter"),
        pytest.param(Pace(60, 0, 600), 3, 0.5, 240, id="twice as long with each failure"),
        pytest.param(Pace(60, 0, 600), 2000, 0.5, 600, id="up to the longest"),
        pytest.param(Pace(3600, 0, 600), 5, 0.5, 3600, id="which an interval may exceed"),
    ],
)
def test_pauses(pace, errors, chance, delay):
    assert pace.delay(errors, chance) == pytest.approx(delay)
