"""Sentences about waiting."""

import pytest

from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.reasons import order, shares, why_waiting
from polyaxon_airflow.queues.snapshot import Pool, Snapshot, Task
from polyaxon_airflow.queues.weights import at_creation

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: gpu, concurrency: 4, fairness: {weights: {b: 3}}},"
    " {name: own, concurrency: 4, fairness: {by: owner}}]}]"
)


def trial(dag, index, state="waiting", **more):
    more = {"pool": "lab.gpu", "weight": at_creation(index), **more}
    return Task(
        f"{dag}{index}", dag_id=dag, run_id="r", task_id="trial", map_index=index, state=state, **more
    )


def snapshot(*tasks, slots=4, pool="lab.gpu"):
    return Snapshot(0.0, {pool: Pool(slots)}, tasks, {})


HELD = [*(trial("a", i, "running") for i in range(3)), trial("b", 0, "running")]


@pytest.mark.parametrize(
    ("tasks", "slots", "sentence"),
    [
        pytest.param(
            [*HELD, trial("a", 3), trial("c", 0)],
            4,
            "1st in queue lab/gpu: 4 of 4 slots are taken by a.trial (3) and b.trial (1); your share is 20%",
            id="among others",
        ),
        pytest.param(
            [*HELD, trial("c", 0, weight=-5), trial("a", 3, weight=9)],
            4,
            "2nd in queue lab/gpu: 4 of 4 slots are taken by a.trial (3) and b.trial (1); your share is 20%",
            id="behind another",
        ),
        pytest.param(
            [*(trial(d, 0, "running") for d in "defgh"), trial("c", 0)],
            5,
            "1st in queue lab/gpu: 5 of 5 slots are taken by d.trial (1), e.trial (1), f.trial (1) and 2 others (2); "
            "your share is 17%",
            id="many hold slots",
        ),
        pytest.param(
            [trial("c", 1, "running"), trial("c", 0)],
            4,
            "1st in queue lab/gpu: 3 of 4 slots are free, so it is held back by its own concurrency or by Airflow's; "
            "your share is 100%",
            id="its own limit",
        ),
        pytest.param(
            [trial("c", 0, slots=5)],
            4,
            "it can never start: it needs 5 slots, and queue lab/gpu has 4",
            id="too big for ever",
        ),
        pytest.param(
            [trial("c", 0, slots=3)],
            2,
            "queue lab/gpu has 2 slots at the moment; this task needs 3",
            id="too big while slots are lent",
        ),
    ],
)
def test_sentence(tasks, slots, sentence):
    task = next(task for task in tasks if task.id == "c0")
    assert why_waiting(task, snapshot(*tasks, slots=slots), QUEUES) == sentence


def test_the_last_hour_is_told_where_it_is_known():
    tasks = [*HELD, trial("c", 0)]
    used = {
        ("lab.gpu", ("a", "r", "trial")): 300.0,
        ("lab.gpu", ("c", "r", "trial")): 100.0,
        ("lab.own", "x"): 999.0,
    }
    assert why_waiting(tasks[-1], snapshot(*tasks), QUEUES, used).endswith(
        "your share is 20%, of the last hour you had 25%"
    )


def test_a_queue_without_a_pool_says_what_to_do():
    task = trial("c", 0)
    assert why_waiting(task, Snapshot(0.0, {}, (task,), {}), QUEUES) == (
        "queue lab/gpu has no pool yet: run 'polyaxon-airflow queues apply'"
    )


def test_order_is_that_of_the_scheduler():
    tasks = [trial("a", 2), trial("b", 1, weight=1_500_000), trial("a", 0), trial("c", 0, run_at=-1.0)]
    assert order(snapshot(*tasks), "lab.gpu") == ["b1", "c0", "a0", "a2"]


def test_an_owners_share_is_divided_among_the_owners_sweeps():
    paths = [("lab.own", "ann", 1), ("lab.own", "ann", 2), ("lab.own", "bob", 3)]
    assert shares(paths, QUEUES) == dict(zip(paths, [0.25, 0.25, 0.5], strict=True))
