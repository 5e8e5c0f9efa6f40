import pytest

from polyaxon_airflow.store import Cursor
from tests.store.samples import NOON, after


def test_a_cursor_moves_from_where_it_stands(store):
    assert store.cursors.get("git:main") is None
    assert store.cursors.move("git:main", "abc", expected=None)
    assert store.cursors.move("git:main", {"sha": "def", "n": 2}, expected="abc")
    assert store.cursors.get("git:main").value == {"sha": "def", "n": 2}
    assert store.cursors.move("git:main", "ghi", expected={"n": 2, "sha": "def"})


@pytest.mark.parametrize("expected", [None, "b", 1, {"a": 1}])
def test_a_cursor_that_stands_elsewhere_does_not_move(store, expected):
    store.cursors.move("c", "a", expected=None)
    assert not store.cursors.move("c", "z", expected=expected)
    assert store.cursors.get("c").value == "a"


def test_polls_are_noted_without_moving_the_cursor(store):
    store.cursors.move("c", 7, expected=None)
    assert store.cursors.polled("c", at=NOON, next_poll_at=after(60), error="connection refused") == 7
    store.cursors.polled("c", at=after(60), next_poll_at=after(180), error="timeout")
    assert store.cursors.get("c") == Cursor("c", 7, after(60), after(180), "timeout", errors=2)
    store.cursors.polled("c", at=after(180))
    assert store.cursors.get("c") == Cursor("c", 7, after(180), None, None, errors=0)


def test_a_poll_may_come_before_the_first_move(store):
    store.cursors.polled("c", at=NOON)
    assert store.cursors.get("c") == Cursor("c", None, NOON)
    assert store.cursors.move("c", 1, expected=None)


def test_a_cursor_is_forgotten(store):
    store.cursors.move("c", 1, expected=None)
    assert store.cursors.forget("c")
    assert store.cursors.get("c") is None
    assert not store.cursors.forget("c")


def test_all_by_prefix(store):
    for name in ("git:b", "git:a", "git%", "s3:a"):
        store.cursors.move(name, 1, expected=None)
    assert [cursor.name for cursor in store.cursors.all("git:")] == ["git:a", "git:b"]
    assert len(store.cursors.all()) == 4
