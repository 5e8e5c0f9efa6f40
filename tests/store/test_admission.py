"""`store.runs.admit`: no more runs of a dag at once than it may have."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from polyaxon_airflow.store.runs import ABANDONED
from tests.store.samples import after, run, uuid

DAG = uuid(99)


def begin(store, *numbers, **fields):
    for number in numbers:
        store.runs.begin(run(number, pipeline=DAG, **fields))


def test_runs_are_admitted_up_to_the_limit_then_queue(store):
    begin(store, 1, 2, 3, 4)
    assert [store.runs.admit(uuid(n), [DAG], 2, at=after(n)) for n in (1, 2, 3, 4)] == [0, 0, 1, 2]
    assert [store.runs.get(uuid(n)).status for n in (1, 2, 3, 4)] == [
        "starting",
        "starting",
        "queued",
        "queued",
    ]
    assert store.runs.get(uuid(3)).reason == "2 of 2 runs at once"


def test_who_ends_makes_room(store):
    begin(store, 1, 2)
    store.runs.admit(uuid(1), [DAG], 1, at=after(1))
    assert store.runs.admit(uuid(2), [DAG], 1, at=after(2)) == 1
    store.runs.set_status(uuid(1), "failed", at=after(3))
    assert store.runs.admit(uuid(2), [DAG], 1, at=after(4)) == 0


def test_a_retry_is_not_in_its_own_way(store):
    begin(store, 1)
    store.runs.admit(uuid(1), [DAG], 1, at=after(1))
    store.runs.set_status(uuid(1), "running", at=after(2))
    assert store.runs.admit(uuid(1), [DAG], 1, at=after(3)) == 0


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param({"kind": "matrix"}, 1, id="a sweep as a whole is no run at work"),
        pytest.param({}, ABANDONED + 1, id="whose task has given no sign of life is gone"),
    ],
)
def test_what_does_not_count(store, fields, seconds):
    begin(store, 1, **fields)
    store.runs.set_status(uuid(1), "running", at=after(0))
    begin(store, 2)
    assert store.runs.admit(uuid(2), [DAG], 1, at=after(seconds)) == 0


def test_of_many_that_ask_at_once_no_more_than_the_limit_are_admitted(store):
    numbers = range(1, 17)
    begin(store, *numbers)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: store.runs.admit(uuid(n), [DAG], 3, at=after(n)), numbers))
    assert answers.count(0) == 3
