"""What the UI says on waiting tasks."""

from dataclasses import replace

from polyaxon_airflow.keeper.notes import INTERVAL, PATIENCE, Notes
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.snapshot import Pool, Snapshot, Task

QUEUES = read_queues("agents: [{name: lab, queues: [{name: gpu, concurrency: 1}]}]")
HOLDER = Task("h", "lab.gpu", "old", "r", "train", state="running", since=0.0)


def trial(index, since=0.0):
    return Task(f"t{index}", "lab.gpu", "tune", "r", "search.trial", index, since=since, weight=-index)


def at(now, *tasks):
    return Snapshot(now, {"lab.gpu": Pool(1)}, (HOLDER, *tasks), {})


SENTENCE = "in queue lab/gpu: 1 of 1 slots are taken by old (1); your share is 50%"


def test_the_first_of_a_sweep_and_those_that_start_next_get_a_note():
    snapshot = at(INTERVAL, *map(trial, range(5)))
    assert Notes(QUEUES).waiting(snapshot, ["t2"], {}) == {
        "t0": f"Waiting: 1st {SENTENCE}",
        "t2": f"Waiting: 3rd {SENTENCE}",
    }


def test_who_has_just_come_gets_none():
    snapshot = at(100.0, trial(0, since=100.0 - PATIENCE / 2))
    assert Notes(QUEUES).are_due(snapshot) is False
    assert Notes(QUEUES).waiting(snapshot, ["t0"], {}) == {}


def test_notes_come_in_rounds():
    notes = Notes(QUEUES)
    notes.waiting(at(100.0, trial(0)), [], {})
    assert [notes.are_due(at(now, trial(0))) for now in (101.0, 100.0 + INTERVAL)] == [False, True]


def test_what_has_not_changed_is_not_written_again():
    notes = Notes(QUEUES)
    notes.waiting(at(100.0, trial(0), trial(1)), [], {})
    assert notes.waiting(at(200.0, trial(0), trial(1)), [], {}) == {}
    assert notes.waiting(at(300.0, trial(1)), [], {}) == {"t1": f"Waiting: 1st {SENTENCE}"}


def test_a_task_that_has_started_says_how_long_it_waited():
    notes = Notes(QUEUES)
    notes.waiting(at(100.0, trial(0)), [], {})
    started = at(300.0, replace(trial(0), state="running", since=250.0))
    assert notes.started(started) == {"t0": "Waiting: 4 min 10 s in queue lab/gpu"}
    assert notes.started(started) == {}
