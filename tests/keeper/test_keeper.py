"""The numbers that fairness must reach, on a model of Airflow's scheduler; `bench/fairness.py` has the real one."""

import pytest

from tests.keeper.model import Airflow

GPU = "agents: [{name: lab, queues: [{name: gpu, concurrency: 4}]}]\n"


def jain(shares):
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


@pytest.mark.parametrize("count", [2, 5])
def test_sweeps_of_very_different_sizes_share_evenly(count):
    airflow = Airflow(GPU)
    airflow.add("big", 1000)
    for number in range(1, count):
        airflow.add(f"small{number}", 100)
    airflow.run(400)
    assert jain(list(airflow.shares(0).values())) > 0.99


def test_slot_seconds_are_shared_and_not_starts():
    airflow = Airflow(GPU)
    airflow.add("long", 100, seconds=20)
    airflow.add("short", 1000, seconds=2)
    airflow.run(400)
    assert airflow.shares(100) == pytest.approx({"long": 0.5, "short": 0.5}, abs=0.05)


def test_what_an_estimate_took_too_much_is_given_back():
    airflow = Airflow(GPU)
    airflow.add("uneven", 400, seconds=lambda index: 1 if index % 2 else 39)
    airflow.add("even", 400, seconds=20)
    airflow.run(1200)
    assert airflow.shares(100) == pytest.approx({"uneven": 0.5, "even": 0.5}, abs=0.03)


@pytest.mark.parametrize("slots", [2, 4])
def test_weights_of_the_queues_file_hold(slots):
    airflow = Airflow(
        f"agents: [{{name: lab, queues: [{{name: gpu, concurrency: {slots}}}]}}]\nfairness: {{weights: {{a: 3}}}}"
    )
    airflow.add("b", 300)
    airflow.add("a", 300)
    airflow.run(600)
    assert airflow.shares(20) == pytest.approx({"a": 0.75, "b": 0.25}, abs=0.05)


def test_owners_share_whatever_the_number_of_their_sweeps():
    airflow = Airflow(GPU + "fairness: {by: owner}")
    for number in range(3):
        airflow.add(f"ann{number}", 200, owner="ann")
    airflow.add("bob", 200, owner="bob")
    airflow.run(400)
    assert airflow.shares(0)["bob"] == pytest.approx(0.5, abs=0.03)


def test_a_late_single_task_starts_within_a_task_length_and_a_look():
    airflow = Airflow(GPU)
    airflow.add("sweep", 400)
    airflow.run(103)
    airflow.add("single", mapped=False)
    airflow.run(30)
    assert airflow.starts("single")[0] - 103 <= 10


def test_a_late_sweep_and_an_old_one_both_keep_their_half():
    airflow = Airflow(GPU)
    airflow.add("old", 400)
    airflow.run(500)
    airflow.add("late", 40)
    airflow.run(200)
    assert airflow.shares(510, 690) == pytest.approx({"old": 0.5, "late": 0.5}, abs=0.05)


def test_without_a_keeper_the_late_sweep_starves_the_old_one():
    airflow = Airflow(GPU, with_keeper=False)
    airflow.add("old", 400)
    airflow.run(500)
    airflow.add("late", 40)
    airflow.run(100)
    assert airflow.shares(510) == {"late": 1.0}


def test_a_keeper_that_starts_anew_goes_on_where_the_old_one_was():
    airflow = Airflow(GPU)
    airflow.add("a", 400)
    airflow.add("b", 400)
    for _ in range(10):
        airflow.run(25)
        airflow.restart_keeper()
    assert airflow.shares(0) == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.03)


def test_a_trial_that_is_cleared_comes_before_the_trials_after_it():
    airflow = Airflow(GPU)
    airflow.add("a", 100)
    airflow.add("b", 100)
    airflow.run(60)
    airflow.clear("a.2")
    airflow.run(11)
    assert airflow.instances["a.2"].start > 59
    airflow.run(60)
    assert airflow.shares(0) == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.05)


def test_a_sweep_with_a_concurrency_of_its_own_does_not_spoil_the_order_of_the_others():
    """What stands at the head of the order and cannot start must not fill it."""
    airflow = Airflow("agents: [{name: lab, queues: [{name: gpu, concurrency: 8}]}]")
    airflow.add("one", 100, seconds=lambda index: 9 + index % 2, limit=1)
    airflow.add("old", 400, seconds=lambda index: 9 + index % 3)
    airflow.run(200)
    airflow.add("late", 100, seconds=lambda index: 9 + index % 4)
    airflow.run(40)
    assert airflow.shares(210) == pytest.approx({"one": 1 / 8, "old": 3.5 / 8, "late": 3.5 / 8}, abs=0.03)


def test_when_its_limit_goes_a_sweep_is_not_paid_for_the_past():
    airflow = Airflow(GPU)
    airflow.add("one", 400, limit=1)
    airflow.add("free", 400)
    airflow.run(300)
    for each in airflow.instances.values():
        each.limit = 10
    airflow.run(100)
    assert airflow.shares(330) == pytest.approx({"one": 0.5, "free": 0.5}, abs=0.06)


TIERS = """agents: [{name: lab, queues: [
  {name: high, concurrency: 20, priority: 2}, {name: low, concurrency: 20, priority: 1, maxWait: 60}]}]
"""


def test_a_queue_whose_tasks_are_ready_by_the_thousand_does_not_starve_another():
    """Airflow issue 45636: some slots of the first pool are always free, so its rows fill every query."""
    airflow = Airflow(TIERS)
    airflow.add("many", 3000, seconds=lambda index: 1 + index % 9 / 4, pool="lab.high")
    airflow.run(10)
    airflow.add("few", 40, seconds=60, pool="lab.low")
    airflow.run(10)
    assert len(airflow.starts("few")) == 20
    assert 9 * 9 <= sum(start > 10 for start in airflow.starts("many")) <= 11 * 11


def test_a_higher_priority_goes_first_where_the_executor_is_full():
    airflow = Airflow(TIERS, parallelism=4)
    airflow.add("low", 40, seconds=5, pool="lab.low")
    airflow.run(3)
    airflow.add("high", 40, seconds=5, pool="lab.high")
    airflow.run(32)
    assert len(airflow.starts("low")) == 4


def test_nothing_waits_for_ever_behind_a_higher_priority():
    airflow = Airflow(TIERS, parallelism=4)
    airflow.add("high", 400, seconds=5, pool="lab.high")
    airflow.add("low", 4, seconds=5, pool="lab.low")
    airflow.run(80)
    assert len(airflow.starts("low")) == 4
    assert 60 <= airflow.starts("low")[0] <= 70


def test_slots_are_kept_free_for_a_big_task_that_has_waited_too_long():
    airflow = Airflow("agents: [{name: lab, queues: [{name: gpu, concurrency: 4, maxWait: 60}]}]")
    for number in range(4):  # out of step, so that two slots are never free at once
        airflow.add(f"small{number}", 200, seconds=7 + number)
    airflow.run(5)
    airflow.add("big", slots=3, mapped=False)
    airflow.run(60)
    assert airflow.starts("big") == []
    airflow.run(20)
    assert len(airflow.starts("big")) == 1
    airflow.run(30)
    assert airflow.pools["lab.gpu"].slots == 4


def test_children_borrow_idle_slots_and_give_them_back_without_a_kill():
    airflow = Airflow(
        "agents: [{name: lab, queues: [{name: gpu, concurrency: 6}, {name: debug, concurrency: 2, parent: gpu}]}]"
    )
    airflow.add("d", 300, pool="lab.debug")
    airflow.run(20)
    assert len(airflow.running(dag_id="d")) == 8
    airflow.add("g", 100)
    airflow.run(25)
    assert (len(airflow.running(dag_id="d")), len(airflow.running(dag_id="g"))) == (2, 6)


def test_a_pool_that_an_admin_edits_stays_as_edited():
    airflow = Airflow(GPU)
    airflow.add("a", 100)
    airflow.run(5)
    airflow.pools["lab.gpu"] = airflow.pools["lab.gpu"]._replace(slots=1)
    airflow.run(30)
    assert len(airflow.running()) == 1


def test_nothing_is_written_while_nothing_changes():
    airflow = Airflow(GPU)
    airflow.add("a", 400, seconds=1000)
    airflow.add("b", 400, seconds=1000)
    airflow.run(2)
    before = airflow.writes
    airflow.run(100)
    assert airflow.writes == before


def test_a_start_costs_about_one_write():
    airflow = Airflow(GPU)
    airflow.add("a", 400)
    airflow.add("b", 400)
    airflow.run(400)
    started = len(airflow.starts("a")) + len(airflow.starts("b"))
    assert airflow.writes <= 4 * started
