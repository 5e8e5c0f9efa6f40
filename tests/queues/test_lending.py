"""Queues that lend idle slots to their children."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon_airflow.queues.lending import Demand, lent_slots
from polyaxon_airflow.queues.reading import read_queues

FAMILY = read_queues(
    """
agents:
  - name: lab
    queues:
      - {name: gpu, concurrency: 8}
      - {name: debug, concurrency: 1, parent: gpu, priority: 5}
      - {name: night, concurrency: 1, parent: gpu, priority: 1, weight: 3}
      - {name: batch, concurrency: 1, parent: gpu, priority: 1, borrow: 2}
      - {name: cpu, concurrency: 4}
"""
).places


@pytest.mark.parametrize(
    ("demand", "slots"),
    [
        pytest.param({}, {"gpu": 8, "debug": 1, "night": 1, "batch": 1}, id="nobody wants more"),
        pytest.param(
            {"debug": (1, 3)}, {"gpu": 5, "debug": 4, "night": 1, "batch": 1}, id="idle slots are lent"
        ),
        pytest.param(
            {"gpu": (4, 2), "debug": (1, 9)},
            {"gpu": 6, "debug": 3, "night": 1, "batch": 1},
            id="only idle ones",
        ),
        pytest.param(
            {"batch": (1, 9)}, {"gpu": 6, "debug": 1, "night": 1, "batch": 3}, id="no more than borrow says"
        ),
        pytest.param(
            {"gpu": (3, 0), "debug": (1, 4), "night": (1, 9)},
            {"gpu": 3, "debug": 5, "night": 2, "batch": 1},
            id="the higher priority first",
        ),
        pytest.param(
            {"gpu": (4, 0), "night": (1, 9), "batch": (1, 9)},
            {"gpu": 4, "debug": 1, "night": 4, "batch": 2},
            id="equal priorities by weight",
        ),
        pytest.param(
            {"gpu": (2, 6), "night": (4, 5)},
            {"gpu": 5, "debug": 1, "night": 1, "batch": 1},
            id="a parent gets its slots back as the borrower's runs end",
        ),
    ],
)
def test_slots(demand, slots):
    given = {f"lab.{name}": Demand(*numbers) for name, numbers in demand.items()}
    assert lent_slots(FAMILY, given) == {f"lab.{name}": count for name, count in slots.items()}


def test_pools_outside_of_families_are_left_alone():
    assert "lab.cpu" not in lent_slots(FAMILY, {})


@settings(max_examples=40)
@given(st.data())
def test_a_family_never_runs_more_than_its_slots_and_lends_all_that_is_idle(data):
    """Runs start and end at random, each time as the pools of that moment allow."""
    pools = [f"lab.{name}" for name in ("gpu", "debug", "night", "batch")]
    used, waiting = dict.fromkeys(pools, 0), dict.fromkeys(pools, 0)
    for _ in range(data.draw(st.integers(1, 25))):
        pool = data.draw(st.sampled_from(pools))
        waiting[pool] += data.draw(st.integers(0, 6))
        ended = data.draw(st.sampled_from(pools))
        used[ended] -= data.draw(st.integers(0, used[ended]))
        slots = lent_slots(FAMILY, {name: Demand(used[name], waiting[name]) for name in pools})
        for name in data.draw(st.permutations(pools)):
            started = max(0, min(waiting[name], slots[name] - used[name]))
            used[name] += started
            waiting[name] -= started
        assert sum(used.values()) <= 8 + 3
        if waiting["lab.debug"]:  # which has the highest priority and no limit of its own
            assert used["lab.gpu"] + waiting["lab.gpu"] >= slots["lab.gpu"]
