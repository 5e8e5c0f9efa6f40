"""Workload files, and what the simulator says of them."""

import pytest

from polyaxon_airflow.errors import PolyaxonfileError
from polyaxon_airflow.queues.workload import play, read_workload

LAB = "agents: [{name: lab, queues: [{name: gpu, concurrency: 4, fairness: {weights: {c: 2}}}]}]\n"


def test_everybody_has_what_is_due():
    outcome = play(
        read_workload(
            LAB
            + """sweeps:
  - {name: a, queue: gpu, tasks: 400, seconds: 10}
  - {name: b, queue: gpu, tasks: 40, seconds: {min: 5, max: 15}, at: 500}
  - {name: c, queue: gpu, tasks: 40, seconds: 10, at: 500}
"""
        )
    )
    assert {name: flow.had / flow.due for name, flow in outcome.flows.items()} == pytest.approx(
        {"a": 1, "b": 1, "c": 1}, abs=0.03
    )
    assert outcome.idle == {"lab/gpu": 0}
    # 400 and 40 tasks of 10 s, 40 of 10 s on average, on four slots
    assert outcome.seconds == pytest.approx(4800 / 4, abs=30)


def test_waits_are_counted_from_the_arrival():
    outcome = play(read_workload(LAB + "sweeps: [{name: a, queue: gpu, tasks: 8, seconds: 10, at: 5}]"))
    flow = outcome.flows["a"]
    assert (flow.tasks, flow.waited, flow.longest_wait, flow.end) == (8, 40, 10, 25)


def test_slots_that_a_sweep_leaves_free_by_its_own_concurrency_are_idle():
    text = "sweeps: [{name: a, queue: gpu, tasks: 8, seconds: 10, concurrency: 1}]"
    assert play(read_workload(LAB + text)).idle == {"lab/gpu": 0.75}


def test_the_seed_decides_the_lengths():
    text = LAB + "sweeps: [{name: a, queue: gpu, tasks: 9, seconds: {min: 1, max: 9}}]\nseed: "
    assert (
        play(read_workload(text + "1")) == play(read_workload(text + "1")) != play(read_workload(text + "2"))
    )


def test_an_unknown_queue_is_named_with_its_place():
    with pytest.raises(PolyaxonfileError) as raised:
        read_workload(LAB + "sweeps: [{name: a, queue: gpus}]")
    assert str(raised.value) == "2:27: unknown queue 'gpus'; known: lab/gpu. Did you mean 'gpu'?"
