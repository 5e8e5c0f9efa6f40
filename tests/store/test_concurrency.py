"""Real processes that want the same thing at once, and processes that are killed at any statement."""

import multiprocessing
import os
import signal
import traceback

import pytest
from sqlalchemy import event

from polyaxon_airflow.store import Artifact, Edge, ParamsTakenError, Point, open_store
from tests.store.samples import NOON, after, run, uuid

PROCESSES = 8
FORK = multiprocessing.get_context("fork")


def at_once(url, work):
    """What `work(store, number)` gives in each of 8 processes that begin together."""
    barrier, results = FORK.Barrier(PROCESSES), FORK.Queue()

    def process(number):
        with open_store(url) as store:
            barrier.wait(60)
            try:
                results.put((number, work(store, number), None))
            except Exception:  # noqa: BLE001  # shown by the parent
                results.put((number, None, traceback.format_exc()))

    processes = [FORK.Process(target=process, args=(number,)) for number in range(PROCESSES)]
    for started in processes:
        started.start()
    answers = [results.get(timeout=120) for _ in processes]
    for started in processes:
        started.join(60)
    assert [failure for _, _, failure in answers if failure] == []
    return [answer for _, answer, _ in sorted(answers, key=lambda answer: answer[0])]


def test_everybody_gets_the_first_answer(url, store):
    def ask(store, number):
        return [
            store.sweeps.claim(uuid(1), index, {"by": number}, at=NOON).params["by"] for index in range(40)
        ]

    answers = at_once(url, ask)
    assert all(answer == answers[0] for answer in answers)
    assert [suggestion.params["by"] for suggestion in store.sweeps.suggestions(uuid(1))] == answers[0]


def test_distinct_params_go_to_one_trial_each(url, store):
    """8 processes, 5 trials each, and just as many points to share."""

    def ask(store, number):
        taken = []
        for index in range(number * 5, number * 5 + 5):
            for point in range(40):
                try:
                    taken.append(
                        store.sweeps.claim(uuid(1), index, {"x": point}, at=NOON, distinct=True).params["x"]
                    )
                    break
                except ParamsTakenError:
                    continue
        return taken

    answers = at_once(url, ask)
    assert sorted(point for answer in answers for point in answer) == list(range(40))


def test_known_points_are_enqueued_once_each(url, store):
    def enqueue(store, number):
        return store.sweeps.enqueue(uuid(1), [{"by": number, "n": n} for n in range(5)], at=NOON)

    answers = at_once(url, enqueue)
    assert sorted(index for answer in answers for index in answer) == list(range(40))


def test_one_decision(url, store):
    answers = at_once(
        url, lambda store, number: store.sweeps.decide(uuid(1), "failed", f"by {number}", at=NOON)
    )
    assert len(set(answers)) == 1


def test_one_of_equal_runs_executes(url, store):
    for number in range(PROCESSES):
        store.runs.begin(run(number))
    answers = at_once(url, lambda store, number: store.cache.claim(uuid(number), "key", at=NOON).outcome)
    assert sorted(answers) == ["run"] + ["wait"] * (PROCESSES - 1)


def test_one_row_of_a_run_that_all_begin(url, store):
    answers = at_once(url, lambda store, number: store.runs.begin(run(name=f"by-{number}")).name)
    assert len(set(answers)) == 1
    assert store.runs.count(at=NOON) == 1


def test_a_cursor_moves_once_a_step(url, store):
    def move(store, _number):
        moved = 0
        for _ in range(20):
            cursor = store.cursors.get("c")
            stands = cursor.value if cursor else None
            moved += store.cursors.move("c", (stands or 0) + 1, expected=stands)
        return moved

    assert sum(at_once(url, move)) == store.cursors.get("c").value


def test_metrics_of_many_trials_at_once(url, store):
    for number in range(PROCESSES):
        store.runs.begin(run(number, pipeline=uuid(99), trial_index=number))

    def log(store, number):
        for step in range(20):
            store.metrics.log(uuid(number), [Point("loss", step, float(number), 0.0)], at=NOON)

    at_once(url, log)
    curves = store.metrics.curves(uuid(99), "loss")
    assert [(curve.steps, set(curve.values)) for curve in curves] == [
        (tuple(range(20)), {float(number)}) for number in range(PROCESSES)
    ]


def test_metrics_of_one_run_by_many(url, store):
    store.runs.begin(run())

    def log(store, number):
        for step in range(10):
            store.metrics.log(uuid(1), [Point(f"m{step % 3}", 100 * number + step, 1.0, 0.0)], at=NOON)

    at_once(url, log)
    steps = sorted(step for curve in store.metrics.of(uuid(1)).values() for step in curve.steps)
    assert steps == [100 * number + step for number in range(PROCESSES) for step in range(10)]


def live(store):
    """The life of a trial, each part twice or more in a way that a retry may repeat."""
    store.runs.begin(run(pipeline=uuid(9), trial_index=0, inputs={"lr": 0.1}, tags=("a",)))
    store.sweeps.claim(uuid(9), 0, {"lr": 0.1}, at=NOON, distinct=True)
    store.runs.update(uuid(1), at=after(1), handle={"pid": 7}, content={"run": {}}, meta={"iteration": 1})
    store.runs.set_status(uuid(1), "running", "started", at=after(2))
    store.cache.claim(uuid(1), "key", at=after(3))
    store.metrics.log(uuid(1), [Point("loss", 0, 1.0, 0.0), Point("acc", 0, 0.1, 0.0)], at=after(4))
    store.metrics.log(uuid(1), [Point("loss", 1, 0.5, 1.0), Point("acc", 1, 0.6, 1.0)], at=after(5))
    store.lineage.log(uuid(1), [Artifact("model", "model", "m.pt")])
    store.lineage.link([Edge(uuid(9), uuid(1), "run")])
    store.cursors.move("c", 1, expected=None)
    store.sweeps.decide(uuid(9), "succeeded", "acc 0.6", at=after(6), by=uuid(1))
    store.runs.set_status(uuid(1), "succeeded", "done", at=after(7))


def seen(store):
    """All that can be read of it."""
    stored = store.runs.get(uuid(1))
    return {
        "run": {**vars(stored), "updated_at": None, "heartbeat_at": None},
        "conditions": [(one.status, one.reason) for one in store.runs.conditions(uuid(1))],
        "found": [run.uuid for run in store.runs.find("metrics.acc:0.6, tags:a, params.lr:0.1", at=NOON)],
        "curves": {name: curve.points for name, curve in store.metrics.of(uuid(1)).items()},
        "suggestions": store.sweeps.suggestions(uuid(9)),
        "decision": store.sweeps.decision(uuid(9)),
        "artifacts": store.lineage.artifacts(uuid(1)),
        "edges": store.lineage.edges(uuid(1)),
        "cursor": store.cursors.get("c").value,
    }


def die_at(engine, moment):
    """SIGKILL to ourselves at a moment: each statement has one before and one after it, each commit one before."""
    count = 0

    def tick(*_arguments, **_keywords):
        nonlocal count
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, tick)
    return lambda: count


@pytest.mark.parametrize(
    "stride",
    [pytest.param(7, id="at every 7th moment"), pytest.param(1, marks=pytest.mark.slow, id="at any moment")],
)
def test_a_killed_process_leaves_a_usable_store(store, stride):
    moments = die_at(store.database.engine, None)
    live(store)
    total, undisturbed = moments(), seen(store)
    assert total > 100
    for moment in range(0, total, stride):
        wipe(store)
        child = FORK.Process(
            target=lambda moment=moment: (die_at(store.database.engine, moment), live(store))
        )
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        live(store)
        assert seen(store) == undisturbed, f"killed at moment {moment} of {total}"


def wipe(store):
    from polyaxon_airflow.store.schema import metadata

    with store.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
