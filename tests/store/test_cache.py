import pytest

from polyaxon_airflow.errors import StoreError
from tests.store.samples import after, run, uuid

KEY = "a-key"


def begin(store, *numbers, **fields):
    for number in numbers:
        store.runs.begin(run(number, **{"kind": "job", "runtime": "job", **fields}))


def claimed(store, number, second=0, **options):
    """What the run has to do, and the number of its original."""
    claim = store.cache.claim(uuid(number), KEY, at=after(second), **options)
    return claim.outcome, claim.original and int(claim.original.uuid, 16)


def test_one_of_two_runs_and_the_other_waits(store):
    begin(store, 1, 2)
    assert claimed(store, 1) == ("run", None)
    assert claimed(store, 2) == ("wait", 1)


def test_a_finished_run_is_a_hit_with_its_outputs(store):
    begin(store, 1, 2)
    claimed(store, 1)
    store.runs.update(uuid(1), at=after(1), outputs={"loss": 0.1})
    store.runs.set_status(uuid(1), "succeeded", at=after(2))
    claim = store.cache.claim(uuid(2), KEY, at=after(3))
    assert (claim.outcome, claim.original.outputs) == ("hit", {"loss": 0.1})


def test_a_retry_keeps_its_claim(store):
    begin(store, 1, 2)
    claimed(store, 1)
    claimed(store, 2)
    assert claimed(store, 1, 5) == ("run", None)


# Spec 3.8: not a hit if the original stops or has finished without success.
@pytest.mark.parametrize("status", ["failed", "stopped", "skipped", "upstream_failed", "stopping"])
def test_no_hit_on_a_run_that_is(store, status):
    begin(store, 1, 2)
    claimed(store, 1)
    store.runs.set_status(uuid(1), status, at=after(1))
    assert claimed(store, 2) == ("run", None)


@pytest.mark.parametrize("status", ["created", "queued", "starting", "running", "processing", "warning"])
def test_waits_for_a_run_that_is(store, status):
    begin(store, 1, 2)
    claimed(store, 1)
    store.runs.set_status(uuid(1), status, at=after(1))
    assert claimed(store, 2) == ("wait", 1)


@pytest.mark.parametrize(
    ("asked_at", "outcome"),
    [
        pytest.param(11.9, "hit", id="younger"),
        pytest.param(12, "run", id="just as old (spec 2.19: expires at >=)"),
        pytest.param(13, "run", id="older"),
    ],
)
def test_a_hit_is_younger_than_its_ttl(store, asked_at, outcome):
    begin(store, 1, 2)
    claimed(store, 1)
    store.runs.set_status(uuid(1), "succeeded", at=after(2))
    assert claimed(store, 2, asked_at, ttl=10)[0] == outcome


def test_the_newest_good_run_is_the_original(store):
    begin(store, 1, 2, 3, 4)
    for number in (1, 2, 3):
        claimed(store, number, number, bypass=True)
    store.runs.set_status(uuid(1), "succeeded", at=after(4))
    store.runs.set_status(uuid(2), "succeeded", at=after(5))
    store.runs.set_status(uuid(3), "failed", at=after(6))
    assert claimed(store, 4, 7) == ("hit", 2)


@pytest.mark.parametrize("other", [{"kind": "service"}, {"runtime": "tfjob"}, {"kind": None}])
def test_kind_and_runtime_are_part_of_the_key(store, other):
    begin(store, 1)
    begin(store, 2, **other)
    claimed(store, 1)
    assert claimed(store, 2) == ("run", None)


def test_a_holder_without_heartbeat_is_not_waited_for(store):
    begin(store, 1, 2, 3)
    claimed(store, 1)
    store.runs.set_status(uuid(1), "running", at=after(0))
    store.runs.heartbeat(uuid(1), at=after(100))
    assert claimed(store, 2, 159, stale_after=60) == ("wait", 1)
    assert claimed(store, 2, 160, stale_after=60) == ("run", None)
    assert claimed(store, 3, 160, stale_after=60) == ("wait", 2)


def test_runs_never_wait_for_one_another(store):
    begin(store, 1, 2)
    claimed(store, 1)
    assert claimed(store, 2, 100, stale_after=60) == ("run", None)
    store.runs.heartbeat(uuid(2), at=after(100))
    store.runs.heartbeat(uuid(1), at=after(100))  # it lived after all
    assert claimed(store, 1, 101, stale_after=60) == ("wait", 2)
    assert claimed(store, 2, 102, stale_after=60) == ("run", None)


def test_a_bypass_executes_and_is_found_by_later_runs(store):
    begin(store, 1, 2, 3)
    claimed(store, 1)
    store.runs.set_status(uuid(1), "succeeded", at=after(1))
    assert claimed(store, 2, 2, bypass=True) == ("run", None)
    assert claimed(store, 3, 3) == ("wait", 2)


def test_an_invalidated_run_is_no_hit(store):
    begin(store, 1, 2)
    claimed(store, 1)
    store.runs.set_status(uuid(1), "succeeded", at=after(1))
    store.cache.invalidate(uuid(1), by="ada", at=after(2))
    assert claimed(store, 2) == ("run", None)
    meta = store.runs.get(uuid(1)).meta
    assert (meta["invalidated_by"], meta["invalidated_at"]) == ("ada", after(2).isoformat())


def test_an_unknown_run_is_an_error(store):
    with pytest.raises(StoreError, match="no run"):
        claimed(store, 9)
