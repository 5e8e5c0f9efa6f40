from tests.store.samples import NOON, after, run, uuid


def begin(store, number, status):
    store.runs.begin(run(number))
    store.runs.set_status(uuid(number), status, at=NOON)


def test_what_ended_runs_have_kept_is_due_when_its_time_has_come_the_longest_overdue_first(store):
    for number, seconds in ((1, 60), (2, 30), (3, 90)):
        begin(store, number, "failed")
        store.kept.keep(uuid(number), after(seconds))
    assert store.kept.due(after(29)) == []
    assert store.kept.due(after(60)) == [uuid(2), uuid(1)]
    store.kept.forget(uuid(2))
    assert store.kept.due(after(90)) == [uuid(1), uuid(3)]


def test_what_a_run_keeps_is_not_due_while_the_run_goes_on(store):
    begin(store, 1, "running")
    store.kept.keep(uuid(1), after(10))  # of an attempt that has failed
    assert store.kept.due(after(20)) == []
    store.kept.keep(uuid(1), after(40))  # of the next one
    store.runs.set_status(uuid(1), "failed", at=after(30))
    assert [store.kept.due(after(30)), store.kept.due(after(40))] == [[], [uuid(1)]]
