"""What the keeper reads and writes, on tables that Airflow itself has made."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from polyaxon_airflow.keeper.accounts import Ended
from polyaxon_airflow.keeper.database import AT_ONCE, FIRST, AirflowDatabase
from polyaxon_airflow.keeper.tables import DAG, NOTE, POOL, RUN, TI
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.snapshot import Pool
from polyaxon_airflow.store.records import TaskKey
from tests.keeper.rows import ago

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: gpu, concurrency: 4}, {name: cpu, fairness: {by: project}}]}]"
)
POOLS = ["lab.gpu", "lab.cpu"]


@pytest.fixture
def database(url, airflow):
    database = AirflowDatabase(url)
    yield database
    database.close()


def test_pools_are_made_once_and_updated_when_the_file_changes(database, airflow):
    assert [str(change) for change in database.apply(QUEUES)] == ["+ lab.gpu: 4 slots", "+ lab.cpu: no limit"]
    assert database.apply(QUEUES) == []
    changed = read_queues("agents: [{name: lab, queues: [{name: gpu, concurrency: 9}]}]")
    assert [change.action for change in database.apply(changed)] == ["update"]
    assert database.snapshot(POOLS).pools["lab.gpu"] == Pool(9, "Polyaxon queue lab/gpu, 9 slots")


def test_a_snapshot_has_what_waits_and_what_holds_slots(database, airflow):
    database.apply(QUEUES)
    waiting = airflow.task("search.trial", 3, priority_weight=-299_999)
    running = airflow.task("search.trial", 2, "running", queued_dttm=ago(30), pool_slots=2)
    airflow.task("search.trial", 1, "success", queued_dttm=ago(30), end_date=ago(3))
    airflow.task("other", pool="default_pool")
    first, second = database.snapshot(POOLS).tasks
    assert (first.id, first.state, first.weight, first.sweep) == (
        waiting,
        "waiting",
        -299_999,
        ("tune", "r", "search"),
    )
    assert first.since == pytest.approx(ago(60).timestamp(), abs=0.001)
    assert (second.id, second.state, second.slots, second.owner, second.project) == (
        running, "running", 2, "ann", "vision",
    )  # fmt: skip
    assert second.since == pytest.approx(ago(30).timestamp(), abs=0.001)


def test_who_triggered_a_run_is_its_owner(database, airflow):
    database.apply(QUEUES)
    airflow.execute(sa.update(RUN).values(triggering_user_name="eve"))
    airflow.task()
    assert [task.owner for task in database.snapshot(POOLS).tasks] == ["eve"]


def test_of_a_large_sweep_only_the_first_tasks_are_read(database, airflow):
    database.apply(QUEUES)
    for index in range(FIRST + 5):
        airflow.task(map_index=index)
    snapshot = database.snapshot(POOLS)
    assert sorted(task.map_index for task in snapshot.tasks) == list(range(FIRST))
    assert snapshot.waiting == {"lab.gpu": FIRST + 5}


def test_which_tasks_have_ended_for_good(database, airflow):
    states = [
        "success",
        "failed",
        "skipped",
        "upstream_failed",
        "removed",
        "deferred",
        "running",
        "up_for_retry",
        None,
    ]
    for index, state in enumerate(states):
        airflow.task(map_index=index, state=state)
    asked = [TaskKey("tune", "r", "trial", index) for index in range(AT_ONCE + 5)]
    assert {key.map_index for key in database.ended_tasks(asked)} == {0, 1, 2, 3, 4}
    assert database.ended_tasks([TaskKey("tune", "another", "trial", 0)]) == set()
    assert database.ended_tasks([]) == set()


def test_which_tasks_airflow_has_given_up(database, airflow):
    tries = [("failed", 4), ("failed", 3), ("success", 4), ("up_for_retry", 4)]
    for index, (state, try_number) in enumerate(tries):
        airflow.task(map_index=index, state=state, try_number=try_number, max_tries=3)
    asked = [TaskKey("tune", "r", "trial", index) for index in range(len(tries))]
    assert [key.map_index for key in database.given_up(asked)] == [0]


def test_tasks_of_a_paused_dag_are_in_nobodys_way(database, airflow):
    database.apply(QUEUES)
    airflow.task()
    airflow.execute(sa.update(DAG).values(is_paused=True))
    assert database.snapshot(POOLS).tasks == ()


@pytest.mark.parametrize("counts", [True, False], ids=["where the pool counts them", "where it does not"])
def test_deferred_tasks_hold_slots(database, airflow, counts):
    database.apply(QUEUES)
    airflow.execute(sa.update(POOL).values(include_deferred=counts))
    airflow.task(state="deferred", queued_dttm=ago(9))
    assert len(database.snapshot(POOLS).tasks) == int(counts)


def test_how_tasks_ended(database, airflow):
    ended = airflow.task(state="success", queued_dttm=ago(30), end_date=ago(18))
    skipped = airflow.task("b", state="skipped")
    running = airflow.task("c", state="running", queued_dttm=ago(5))
    gone = str(uuid4())
    assert database.ended([ended, skipped, running, gone]) == [
        Ended(ended, pytest.approx(12)), Ended(skipped, 0), Ended(gone, 0),
    ]  # fmt: skip


def test_weights_are_written_on_tasks_that_still_wait(database, airflow):
    waits, runs = airflow.task(), airflow.task("b", state="running")
    database.write_weights({waits: 2_000_000, runs: 1_999_999})
    assert airflow.scalars(TI.c.priority_weight, TI.c.id == UUID(waits)) == [2_000_000]
    assert airflow.scalars(TI.c.priority_weight, TI.c.id == UUID(runs)) == [1]


def test_notes_are_written_over_notes_of_ours_alone(database, airflow):
    ours, theirs = airflow.task(), airflow.task("b")
    airflow.insert("task_instance_note", ti_id=UUID(theirs), content="ask ann", user_id="bob")
    database.write_notes({ours: "Waiting: 1st", theirs: "Waiting: 2nd"})
    database.write_notes({ours: "Waiting: 42 s"})
    assert sorted(airflow.scalars(NOTE.c.content)) == ["Waiting: 42 s", "ask ann"]


def test_what_was_used_in_the_last_hour_is_added_up_by_flow(database, airflow):
    database.apply(QUEUES)
    for index in range(3):
        airflow.task("search.trial", index, "success", end_date=ago(60), duration=10.0, pool_slots=2)
    airflow.task("search.trial", 9, "success", end_date=ago(4000), duration=500.0)
    airflow.task("report", state="success", end_date=ago(60), duration=7.0, pool="lab.cpu")
    assert database.used_in_last_hour(QUEUES, database.snapshot(POOLS)) == {
        ("lab.gpu", ("tune", "r", "search")): 60.0,
        ("lab.cpu", "vision", ("tune", "r", "")): 7.0,
    }


@pytest.mark.postgres
def test_a_second_keeper_stands_by_until_the_first_is_gone(postgresql_database):
    first, second = AirflowDatabase(postgresql_database), AirflowDatabase(postgresql_database)
    assert (first.is_mine(), second.is_mine(), first.is_mine()) == (True, False, True)
    first.close()
    assert second.is_mine()
    second.close()


@pytest.mark.postgres
def test_rows_that_the_scheduler_has_locked_are_left_for_the_next_look(database, airflow):
    if airflow.connection.dialect.name != "postgresql":
        pytest.skip("SQLite locks no rows")
    locked, free = airflow.task(), airflow.task("b")
    airflow.connection.execute(sa.select(TI.c.id).where(TI.c.id == UUID(locked)).with_for_update())
    database.write_weights({locked: 2_000_000, free: 1_999_999})
    airflow.connection.rollback()
    assert airflow.scalars(TI.c.priority_weight, TI.c.id == UUID(locked)) == [1]
    assert airflow.scalars(TI.c.priority_weight, TI.c.id == UUID(free)) == [1_999_999]


@pytest.mark.postgres
def test_notes_hold_no_task_while_they_wait_for_another(database, airflow):
    """Else a note and somebody who marks a run as failed, which locks all of its tasks, wait for each other."""
    if airflow.connection.dialect.name != "postgresql":
        pytest.skip("SQLite locks no rows")
    first, second = airflow.task(), airflow.task("b")

    def lock(task):
        ids = sa.select(TI.c.id).where(TI.c.id == UUID(task))
        airflow.connection.execute(ids.with_for_update(nowait=True))

    lock(second)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(database.write_notes, {first: "Waiting: 1st", second: "Waiting: 2nd"})
        try:
            while not airflow.connection.scalar(sa.text(SOMEBODY_WAITS)):
                assert not writing.done()
            lock(first)
        finally:
            airflow.connection.rollback()
        writing.result()
    assert sorted(airflow.scalars(NOTE.c.content)) == ["Waiting: 1st", "Waiting: 2nd"]


SOMEBODY_WAITS = """
SELECT count(*) FROM pg_stat_activity, pg_stat_clear_snapshot()
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
