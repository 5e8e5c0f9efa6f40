"""Start-time fair queueing: the properties that its papers prove, and what we add to it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.queues.shares import FairQueue


def starts(fair, count, cost=lambda item: 1.0):
    """The flows of the next starts, each charged when it starts."""
    order = []
    for _ in range(count):
        found = fair.take()
        if found is None:
            break
        path, item = found
        fair.charge(path, cost(item))
        order.append(path[-1])
    return order


def fill(fair, **flows):
    for flow, count in flows.items():
        for number in range(count):
            fair.push((flow,), number)


def test_equal_flows_take_turns():
    fair = FairQueue()
    fill(fair, a=3, b=3)
    assert starts(fair, 6) == ["a", "b", "a", "b", "a", "b"]


def test_a_late_flow_neither_waits_nor_catches_up():
    fair = FairQueue()
    fill(fair, old=10)
    starts(fair, 6)
    fill(fair, new=4)
    assert starts(fair, 8) == ["new", "old", "new", "old", "new", "old", "new", "old"]


def test_a_flow_that_comes_back_is_not_paid_for_its_absence():
    fair = FairQueue()
    fill(fair, a=1, b=20)
    starts(fair, 11)
    fill(fair, a=5)
    assert starts(fair, 6) == ["a", "a", "b", "a", "b", "a"]


def test_long_tasks_count_for_more():
    fair = FairQueue()
    fill(fair, long=10, short=10)
    order = []
    for _ in range(8):
        path, _ = fair.take()
        fair.charge(path, 3.0 if path == ("long",) else 1.0)
        order.append(path[0])
    assert Counter(order) == {"short": 6, "long": 2}


def test_what_an_estimate_took_too_much_is_given_back():
    fair = FairQueue()
    fill(fair, a=5, b=5)
    path, _ = fair.take()
    fair.charge(path, 10.0)
    fair.charge(path, -9.0)
    fair.end(path)
    assert starts(fair, 3) == ["b", "a", "b"]


def test_owners_share_first_then_their_sweeps():
    fair = FairQueue()
    for number in range(6):
        fair.push(("ann", "s1"), number)
        fair.push(("ann", "s2"), number)
        fair.push(("bob", "s3"), number)
    assert Counter(starts(fair, 8)) == {"s1": 2, "s2": 2, "s3": 4}


def test_items_that_do_not_fit_let_other_flows_pass():
    fair = FairQueue()
    fair.push(("big",), 4)
    fair.push(("small",), 1)
    assert fair.take(lambda slots: slots <= 2) == (("small",), 1)
    assert fair.take(lambda slots: slots <= 2) is None
    assert fair.take() == (("big",), 4)


def test_a_copy_tries_what_the_original_does_not_notice():
    fair = FairQueue()
    fill(fair, a=3, b=3)
    starts(fair, 1)
    assert starts(fair.copy(), 5) == starts(fair, 5)
    assert len(fair) == 0


def test_a_flow_held_back_by_its_own_limit_catches_up_no_more_than_its_credit():
    fair = FairQueue(credit=lambda path: 2.0)
    fill(fair, limited=40, free=40)
    for _ in range(10):
        path, _ = fair.take(lambda item: True, lambda path: path != ("limited",))
        fair.charge(path, 1.0)
    assert starts(fair, 8) == ["limited"] * 4 + ["free", "limited", "free", "limited"]


def test_flows_with_nothing_left_are_forgotten():
    fair = FairQueue()
    fill(fair, a=2)
    for path, _ in [fair.take(), fair.take()]:
        fair.end(path)
    assert fair._root.children == {}


@given(
    weights=st.lists(st.integers(1, 10), min_size=2, max_size=6),
    lengths=st.lists(st.floats(0.1, 20), min_size=2, max_size=6),
    count=st.integers(1, 60),
)
def test_flows_that_wait_are_never_further_apart_than_a_task_of_each(weights, lengths, count):
    """Goyal et al., theorem 1: |W_f / w_f - W_g / w_g| <= l_f / w_f + l_g / w_g while both are backlogged."""
    flows = list(zip(weights, lengths, strict=False))
    fair = FairQueue(weight=lambda path: float(flows[path[0]][0]) if path else 1.0)
    for flow in range(len(flows)):
        for item in range(count):
            fair.push((flow,), item)
    served = [0.0] * len(flows)
    for _ in range(count):  # no flow can run out of items
        (flow,), _ = fair.take()
        weight, length = flows[flow]
        fair.charge((flow,), length)
        served[flow] += length / weight
        ahead, behind = (
            max(range(len(flows)), key=served.__getitem__),
            min(range(len(flows)), key=served.__getitem__),
        )
        quanta = sum(flows[each][1] / flows[each][0] for each in (ahead, behind))
        assert served[ahead] - served[behind] <= quanta + 1e-6


@given(st.data())
def test_every_item_is_given_once_in_the_order_of_its_flow(data):
    fair = FairQueue()
    expected, seen = {}, {}
    for number in range(data.draw(st.integers(0, 60))):
        path = (data.draw(st.sampled_from("ab")), data.draw(st.sampled_from("xyz")))
        fair.push(path, number)
        expected.setdefault(path, []).append(number)
        if data.draw(st.booleans()):
            taken, item = fair.take()
            fair.charge(taken, data.draw(st.floats(0, 5)))
            seen.setdefault(taken, []).append(item)
    while (found := fair.take()) is not None:
        seen.setdefault(found[0], []).append(found[1])
    assert seen == expected


@pytest.mark.parametrize("left", [[], [7, 8]], ids=["nothing waits any more", "others wait"])
def test_waiting_items_can_be_replaced(left):
    fair = FairQueue()
    fill(fair, a=5)
    fair.set_waiting(("a",), left)
    assert [item for _, item in iter(fair.take, None)] == left
