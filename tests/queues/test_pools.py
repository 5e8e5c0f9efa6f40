"""From a queues file to Airflow's pools."""

from polyaxon_airflow.queues.pools import pool_changes, pool_of
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.snapshot import Pool

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: gpu, concurrency: 8, description: A100s}, {name: cpu},"
    " {name: quota, quota: {cpu: 4}}, {name: debug, concurrency: 1, parent: gpu}]}]"
)
WANTED = {place.pool: pool_of(place) for place in QUEUES.places}


def lines(present, in_use=()):
    return [str(change) for change in pool_changes(QUEUES, present, set(in_use))]


def test_pools_of_a_file():
    assert {
        "lab.gpu": Pool(8, "Polyaxon queue lab/gpu, 8 slots: A100s", include_deferred=True),
        "lab.cpu": Pool(-1, "Polyaxon queue lab/cpu, no limit", include_deferred=True),
        "lab.quota": Pool(1000, "Polyaxon queue lab/quota, 1000 slots", include_deferred=True),
        "lab.debug": Pool(1, "Polyaxon queue lab/debug, 1 slot", include_deferred=True),
    } == WANTED


def test_a_second_time_there_is_nothing_to_do():
    assert lines({"default_pool": Pool(128), **WANTED}) == []


def test_missing_pools_are_made():
    assert lines({"default_pool": Pool(128)}) == [
        "+ lab.gpu: 8 slots",
        "+ lab.cpu: no limit",
        "+ lab.quota: 1000 slots",
        "+ lab.debug: 1 slot",
    ]


def test_what_differs_is_named():
    changed = {**WANTED, "lab.cpu": Pool(4, "mine", include_deferred=False)}
    assert lines(changed) == [
        "~ lab.cpu: 4 slots -> no limit, description -> 'Polyaxon queue lab/cpu, no limit', deferred tasks hold slots"
    ]


def test_slots_that_are_lent_at_the_moment_are_no_difference():
    assert lines({**WANTED, "lab.gpu": WANTED["lab.gpu"]._replace(slots=5)}) == []


def test_a_new_concurrency_of_a_queue_that_lends_is_one():
    was = WANTED["lab.gpu"]._replace(slots=4, description="Polyaxon queue lab/gpu, 6 slots: A100s")
    assert lines({**WANTED, "lab.gpu": was})[0].startswith("~ lab.gpu: 4 slots -> 8 slots")


def test_pools_that_the_file_no_longer_has_go_unless_they_are_in_use():
    old, busy = Pool(2, "Polyaxon queue lab/old, 2 slots"), Pool(3, "Polyaxon queue lab/busy, 3 slots")
    assert lines({**WANTED, "lab.old": old, "lab.busy": busy, "mine": Pool(9, "")}, in_use=["lab.busy"]) == [
        "- lab.old: 2 slots",
        "! lab.busy: 3 slots; in use, so it stays until its tasks have ended",
    ]
