from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.store import Event, open_store
from polyaxon_airflow.watching.following import dispatch_cursor
from polyaxon_airflow.watching.marks import mark, pack
from polyaxon_airflow.watching.overview import overview, texts

GIT, FILES = "git connections.code?branch=main", "data connections.lake?path=*.csv"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.db"


NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def store(url):
    now = NOW
    with open_store(url) as found:
        events = [
            Event(sha, "connection_git_commit", sha, {"sha": sha}, now - timedelta(minutes=5))
            for sha in ("a", "b")
        ]
        found.events.record(GIT, events, expected=None, value={"refs/heads/main": "b"})
        found.cursors.move(dispatch_cursor(GIT, "train"), 1, expected=None)
        found.cursors.move(dispatch_cursor(GIT, "deploy"), 2, expected=None)
        found.cursors.polled(
            "stream git connections.code",
            at=now - timedelta(seconds=20),
            next_poll_at=now + timedelta(seconds=40),
        )
        found.cursors.move(FILES, {"seen": pack({mark("a"), mark("b")})}, expected=None)
        found.cursors.polled(
            "stream data connections.lake", at=now, error="connection 'lake' does not answer: timeout"
        )
        found.cursors.move(
            dispatch_cursor("events.new-labels", "train"), {"after": "x", "ids": []}, expected=None
        )
        yield found


def test_all_watches_and_how_they_are_doing(store):
    custom, git, files = sorted(
        overview(store),
        key=lambda line: ["events", "git", "data"].index(line.watch[:6].split(" ")[0].split(".")[0]),
    )
    assert (custom.watch, dict(custom.waiting)) == ("events.new-labels", {"train": 0})
    assert (git.watch, git.events, git.last.label, git.error) == (GIT, 2, "b", None)
    assert dict(git.waiting) == {"train": 1, "deploy": 0}
    assert git.cursor == {"refs/heads/main": "b"}
    assert (files.watch, files.last, files.error) == (
        FILES,
        None,
        "connection 'lake' does not answer: timeout",
    )


def test_some_of_them(store):
    assert [line.watch for line in overview(store, {GIT, "git connections.other"})] == [GIT]


def test_as_text(store):
    assert [text for line in overview(store) for text in texts(line, NOW)] == [
        "data connections.lake?path=*.csv",
        "  polled now",
        "  no event yet",
        '  cursor: {"seen": "2 marks"}',
        "  error: connection 'lake' does not answer: timeout",
        "events.new-labels",
        "  train: a run for each",
        "git connections.code?branch=main",
        "  polled 20 s ago, next in 40 s",
        "  2 events, the last 5 min ago: b",
        '  cursor: {"refs/heads/main": "b"}',
        "  deploy: a run for each",
        "  train: 1 event without a run yet; is train.events paused?",
    ]


def test_a_poll_that_is_long_due(store):
    (line,) = overview(store, {GIT})
    shown = [
        next(text for text in texts(line, NOW + timedelta(seconds=after)) if "polled" in text)
        for after in (100, 300)
    ]
    assert shown == [
        "  polled 2 min ago, next now",
        "  polled 5 min 20 s ago, was due again 4 min 20 s ago; does a triggerer run?",
    ]


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "now"),
        (400, "now"),
        (600, "1 s ago"),
        (1400, "1 s ago"),
        (1600, "2 s ago"),
        (61_000, "1 min 1 s ago"),
    ],
)
def test_how_long_ago_a_poll_was(store, milliseconds, said):
    polled = NOW + timedelta(milliseconds=250)
    store.cursors.polled("stream git connections.code", at=polled)
    (line,) = overview(store, {GIT})
    assert [*texts(line, polled + timedelta(milliseconds=milliseconds))][1] == f"  polled {said}"


def test_a_watch_that_has_just_begun(url):
    with open_store(url) as store:
        store.cursors.polled(GIT, at=NOW)
        (line,) = overview(store)
    assert [*texts(line, NOW)] == [GIT, "  not polled yet"]


def test_events_whose_dispatcher_has_never_run(url):
    event = Event("a", "connection_git_commit", "a", {}, NOW)
    with open_store(url) as store:
        store.events.record(GIT, [event], expected=None, value={"refs/heads/main": "a"})
        store.cursors.polled("stream git connections.code", at=NOW)
        (line,) = overview(store)
    assert [*texts(line, NOW)][-1] == "  no DAG has started a run for them yet; is NAME.events paused?"


def test_the_command_tells_by_its_code_that_something_is_wrong(store, url, capsys):
    assert main(["events", "ls", "--store", url]) == 1
    assert "  error: connection 'lake' does not answer: timeout\n" in capsys.readouterr().out


def test_as_json(store, url, capsys):
    main(["events", "ls", "--store", url, "--json"])
    found = {line["watch"]: line for line in json.loads(capsys.readouterr().out)}
    assert found[GIT]["last"]["sha"] == "b"
    assert found[GIT]["cursor"] == {"refs/heads/main": "b"}
    assert found[FILES]["error"] == "connection 'lake' does not answer: timeout"


def test_nothing(url, capsys):
    assert main(["events", "ls", "--store", url]) == 0
    assert capsys.readouterr().out == "nothing is watched\n"


def test_a_watch_that_is_to_begin_again(store, url, capsys):
    assert main(["events", "forget", GIT, "--store", url]) == 0
    assert store.cursors.get(GIT) is None
    assert GIT not in [line.watch for line in overview(store)]  # nor if no file has it any more, for good
    assert main(["events", "forget", FILES.replace("lake", "lak"), "--store", url]) == 1
    assert "Did you mean" in capsys.readouterr().err


def test_old_events_are_forgotten_when_asked(store, url, capsys):
    assert main(["events", "prune", "--store", url, "--days", "30"]) == 0
    assert capsys.readouterr().out == "forgot 2 events\n"
