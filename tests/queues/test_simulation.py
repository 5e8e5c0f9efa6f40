"""Workloads in virtual time: the numbers of the real scheduler, and what holds for any workload."""

from collections import Counter
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.simulation import Job, simulate

GPU = "lab.gpu"


def lab(queues="{name: gpu, concurrency: 4}"):
    return read_queues(f"agents: [{{name: lab, queues: [{queues}]}}]").places


def sweep(name, count, seconds=10.0, pool=GPU, **more):
    return [Job((pool, name), seconds, **more) for _ in range(count)]


def shares(started, since, until):
    """Shares of the slot-seconds between two moments, by flow."""
    used = Counter()
    for job, start, end in started:
        used[job.path[-1]] += job.slots * max(0.0, min(end, until) - max(start, since))
    return {name: seconds / used.total() for name, seconds in used.items()}


def waits(started, name):
    return [start - job.at for job, start, _ in started if job.path[-1] == name]


def test_equal_sweeps_share_evenly():
    started = simulate([*sweep("a", 200), *sweep("b", 200)], lab())
    assert shares(started, 0, 500) == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.01)


def test_slot_seconds_are_shared_and_not_starts():
    started = simulate([*sweep("long", 100, 20), *sweep("short", 1000, 2)], lab())
    assert shares(started, 0, 400) == pytest.approx({"long": 0.5, "short": 0.5}, abs=0.02)


@pytest.mark.parametrize("slots", [1, 2, 3, 8])
def test_weights_hold_with_few_slots_too(slots):
    weights = {(GPU, "a"): 3.0}
    jobs = [*sweep("a", 900), *sweep("b", 900)]
    started = simulate(
        jobs, lab(f"{{name: gpu, concurrency: {slots}}}"), weight=lambda p: weights.get(p, 1.0)
    )
    assert shares(started, 0, 1000) == pytest.approx({"a": 0.75, "b": 0.25}, abs=0.03)


def test_a_late_single_task_starts_with_the_next_free_slot():
    assert waits(simulate([*sweep("a", 400), *sweep("s", 1, at=503)], lab()), "s") == [7]


def test_a_late_sweep_and_an_old_one_both_keep_their_half():
    started = simulate([*sweep("old", 400), *sweep("late", 40, at=500)], lab())
    assert shares(started, 510, 690) == pytest.approx({"old": 0.5, "late": 0.5}, abs=0.05)


def test_a_sweep_that_its_own_concurrency_holds_back_leaves_the_rest_to_others():
    started = simulate([*sweep("one", 50, concurrency=1), *sweep("free", 400)], lab())
    assert shares(started, 0, 400) == pytest.approx({"one": 0.25, "free": 0.75}, abs=0.01)
    times = [(start, end) for job, start, end in started if job.path[-1] == "one"]
    assert all(end <= start for (_, end), (start, _) in pairwise(times))


TIERS = "{name: gpu, concurrency: 4, priority: 2}, {name: cpu, concurrency: 4, priority: 1, maxWait: 100}"


def test_a_higher_priority_goes_first_where_airflow_runs_out_of_slots():
    jobs = [*sweep("high", 40), *sweep("low", 4, pool="lab.cpu")]
    started = simulate(jobs, lab(TIERS), parallelism=4)
    assert all(wait >= 100 for wait in waits(started, "low"))


def test_a_task_that_has_waited_too_long_goes_before_all_priorities():
    jobs = [*sweep("high", 400), *sweep("low", 4, pool="lab.cpu")]
    assert max(waits(simulate(jobs, lab(TIERS), parallelism=4), "low")) <= 120


def test_slots_are_kept_free_for_a_big_task_that_has_waited_too_long():
    jobs = [*[Job((GPU, "small"), 10 + i % 7) for i in range(200)], Job((GPU, "big"), 10, slots=3, at=1)]
    assert waits(simulate(jobs, lab("{name: gpu, concurrency: 4, maxWait: 60}")), "big")[0] <= 60 + 17


def test_children_borrow_what_is_idle_and_give_it_back():
    queues = "{name: gpu, concurrency: 6}, {name: debug, concurrency: 2, parent: gpu}"
    jobs = [*sweep("d", 300, pool="lab.debug"), *sweep("g", 200, at=100)]
    started = simulate(jobs, lab(queues))
    assert shares(started, 0, 100)["d"] == 1.0
    assert sum(start < 10 for _, start, _ in started) == 8
    assert shares(started, 110, 300) == pytest.approx({"d": 2 / 8, "g": 6 / 8}, abs=0.01)


def test_a_job_that_can_never_fit_is_left_out():
    assert simulate([Job((GPU, "a"), 1, slots=5)], lab()) == []


jobs_of_a_pool = st.lists(
    st.builds(
        Job,
        path=st.sampled_from([(GPU, "a"), (GPU, "b"), (GPU, "c"), ("lab.cpu", "d")]),
        seconds=st.floats(0.1, 30),
        at=st.floats(0, 60),
        slots=st.integers(1, 4),
    ),
    max_size=60,
)


@settings(max_examples=60)
@given(jobs=jobs_of_a_pool, parallelism=st.integers(2, 12))
def test_no_pool_is_ever_overfull_and_every_task_starts(jobs, parallelism):
    queues = "{name: gpu, concurrency: 4, maxWait: 40}, {name: cpu, concurrency: 4, priority: 1, maxWait: 40}"
    started = simulate(jobs, lab(queues), parallelism=parallelism)
    assert Counter(each.job for each in started) == Counter(jobs)
    for _, moment, _ in started:
        running = [job for job, start, end in started if start <= moment < end]
        assert len(running) <= parallelism
        for pool in (GPU, "lab.cpu"):
            assert sum(job.slots for job in running if job.path[0] == pool) <= 4


@settings(max_examples=40)
@given(
    jobs=st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0.1, 30), st.floats(0, 60)), min_size=1, max_size=60
    )
)
def test_no_slot_is_idle_while_a_task_waits(jobs):
    started = simulate([Job((GPU, name), seconds, at) for name, seconds, at in jobs], lab())
    for job, start, _ in started:
        before = (max((end for _, _, end in started if end <= start), default=0.0), job.at)
        moment = (
            max(before) + start
        ) / 2  # between the last event that could have let it start and its start
        if max(before) < start:
            assert sum(begin <= moment < end for _, begin, end in started) == 4


@pytest.mark.slow
def test_a_hundred_thousand_tasks_are_replayed_in_seconds():
    """Of one core: what others run beside it does not count."""
    jobs = [
        Job((pool, name), 60.0 + number % 60, at=100.0 * name)
        for pool in (GPU, "lab.cpu")
        for name in range(10)
        for number in range(5000)
    ]
    before = process_time()
    started = simulate(jobs, lab("{name: gpu, concurrency: 64}, {name: cpu, concurrency: 64, priority: 1}"))
    assert len(started) == 100_000
    assert process_time() - before < 10


LATE = st.floats(0, 500)


@given(
    sweeps=st.lists(st.tuples(st.integers(1, 60), st.floats(1, 60), LATE), min_size=1, max_size=6),
    slots=st.integers(1, 6),
    late=LATE,
)
def test_a_late_single_task_waits_for_no_more_than_a_task_of_each(sweeps, slots, late):
    """However large the sweeps before it are: it is the first of its flow, and every flow starts one task at most."""
    jobs = [
        job for name, (tasks, seconds, at) in enumerate(sweeps) for job in sweep(name, tasks, seconds, at=at)
    ]
    started = simulate([*jobs, *sweep("single", 1, at=late)], lab(f"{{name: gpu, concurrency: {slots}}}"))
    longest = max(seconds for _, seconds, _ in sweeps)
    (wait,) = waits(started, "single")
    assert wait <= 2 * longest * (1 + len(sweeps) / slots)
