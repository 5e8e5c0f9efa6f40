"""Our timetables as Airflow uses them: serialised, and asked by scheduler and dag-processor over real DAG runs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from airflow.sdk import DAG
from airflow.timetables.base import TimeRestriction

from polyaxon_airflow.schedules import SCHEDULE, planned
from polyaxon_airflow.timetables import dag_arguments, schedule_at, timetable_of
from polyaxon_airflow.timetables.evented import EventTimetable
from polyaxon_airflow.timetables.scheduled import ScheduleTimetable

UTC = timezone.utc
START = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS = TimeRestriction(None, None, catchup=True)


def plan_of(*, zone="UTC", catchup=True, **fields):
    return planned(SCHEDULE.load(fields["kind"]).model_validate(fields), timezone=zone, catchup=catchup)


def dag_of(plan):
    arguments = dag_arguments(plan)
    return DAG("train", schedule=arguments.pop("schedule"), **arguments)


TEN_RUNS = {"kind": "interval", "frequency": 7200, "startAt": "2026-01-01", "maxRuns": 10}


@pytest.mark.parametrize(
    ("plan", "timetable"),
    [
        pytest.param(plan_of(kind="cron", cron="0 4 * * *", catchup=False), "CronTriggerTimetable", id="cron that does not catch up"),
        pytest.param(plan_of(kind="cron", cron="@daily", startAt="2026-01-01"), "CronTriggerTimetable", id="cron from a tick on"),
        pytest.param(plan_of(kind="cron", cron="@quarterly", catchup=False), "CronTriggerTimetable", id="a preset that core does not know"),
        pytest.param(plan_of(kind="cron", cron="0 4 * * *"), "ScheduleTimetable", id="cron that catches up from the beginning"),
        pytest.param(plan_of(kind="cron", cron="0 4 * * *", startAt="2026-01-01"), "ScheduleTimetable", id="cron that begins between ticks"),
        pytest.param(plan_of(kind="cron", cron="0 4 * * *", catchup=False, zone="Europe/Berlin"), "ScheduleTimetable", id="cron where clocks change"),
        pytest.param(plan_of(kind="cron", cron="0 4 * * * 30", catchup=False), "ScheduleTimetable", id="cron with seconds"),
        pytest.param(plan_of(kind="cron", cron="0 4 * * *", catchup=False, maxRuns=3), "ScheduleTimetable", id="cron with maxRuns"),
        pytest.param(plan_of(kind="interval", frequency=60, startAt="2026-01-01"), "DeltaTriggerTimetable", id="interval from startAt on"),
        pytest.param(plan_of(kind="interval", frequency=60), "ScheduleTimetable", id="interval from the beginning"),
        pytest.param(plan_of(kind="interval", frequency=60, startAt="2026-01-01", maxRuns=3), "ScheduleTimetable", id="interval with maxRuns"),
        pytest.param(plan_of(kind="interval", frequency=60, startAt="2026-01-01", catchup=False), "ScheduleTimetable", id="interval without catch-up"),
        pytest.param(plan_of(kind="datetime", startAt="2026-01-01"), "EventsTimetable", id="datetime"),
    ],
)  # fmt: skip
def test_core_is_used_where_it_does_the_same(plan, timetable):
    assert type(timetable_of(plan)).__name__ == timetable


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(TEN_RUNS, id="ours"),
        pytest.param({"kind": "cron", "cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"}, id="ours, on a clock of its own"),
        pytest.param({"kind": "cron", "cron": "0 9 * * 1-5", "catchup": False}, id="core's cron"),
        pytest.param({"kind": "cron", "cron": "0 0 * * *", "startAt": "2026-01-01"}, id="core's cron from a tick on"),
        pytest.param({"kind": "interval", "frequency": 60, "startAt": "2026-01-01"}, id="core's interval"),
        pytest.param({"kind": "datetime", "startAt": "2026-01-01"}, id="core's exact time"),
    ],
)  # fmt: skip
def test_a_dag_with_it_survives_serialisation(fields):
    from airflow.serialization.serialized_objects import DagSerialization

    plan = plan_of(**fields)
    dag = dag_of(plan)
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    assert found.summary == timetable_of(plan).summary
    restriction = TimeRestriction(dag.start_date, dag.end_date, catchup=dag.catchup)
    first = found.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert first.run_after == START if dag.start_date else first.run_after > START


def test_the_timetable_of_events_survives_serialisation_and_never_runs():
    from airflow.serialization.serialized_objects import DagSerialization

    dag = DAG("train", schedule=EventTimetable("on connection_git_commit of connections.repo"))
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    assert found.summary == "on connection_git_commit of connections.repo"
    assert not found.can_be_scheduled
    assert found.next_dagrun_info_v2(last_dagrun_info=None, restriction=ALWAYS) is None


@pytest.mark.parametrize(
    ("fields", "arguments"),
    [
        pytest.param(TEN_RUNS, {"start_date": START, "end_date": None, "catchup": True}, id="startAt"),
        pytest.param({**TEN_RUNS, "endAt": "2026-02-01T00:00+01:00"}, {"end_date": datetime(2026, 1, 31, 23, tzinfo=UTC)}, id="endAt"),
        pytest.param({**TEN_RUNS, "dependsOnPast": True}, {"max_active_runs": 1}, id="dependsOnPast is one run at a time"),
        pytest.param({**TEN_RUNS, "catchup": False}, {"catchup": False}, id="the file's catchup wins"),
    ],
)  # fmt: skip
def test_arguments_of_the_dag(fields, arguments):
    found = dag_arguments(plan_of(**fields))
    assert {name: found[name] for name in arguments} == arguments


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "cron", "cron": "*/7 3 1,15 * *", "startAt": "2026-01-15T03:07"}, id="cron"),
        pytest.param({"kind": "interval", "frequency": 5400, "startAt": "2026-01-01T00:30", "endAt": "2026-01-03"}, id="interval"),
    ],
)  # fmt: skip
def test_core_and_ours_tell_the_same_ticks(fields):
    plan = plan_of(**fields)
    arguments = dag_arguments(plan)
    restriction = TimeRestriction(arguments["start_date"], arguments["end_date"], catchup=True)
    core, ours = arguments["schedule"], ScheduleTimetable(plan)
    assert type(core) is not ScheduleTimetable
    assert walk(core, restriction) == walk(ours, restriction)


def walk(timetable, restriction, count=40):
    last, found = None, []
    for _ in range(count):
        last = timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)
        if last is None:
            break
        found.append(last.run_after)
    return found


def test_a_schedule_that_cannot_be_is_an_import_error_with_its_reason():
    from airflow.exceptions import AirflowTimetableInvalid

    plan = plan_of(kind="cron", cron="61 * * * *", maxRuns=2)
    with pytest.raises(AirflowTimetableInvalid, match=r"cron '61 \* \* \* \*' cannot be read"):
        ScheduleTimetable(plan).validate()


class Scheduler:
    """What Airflow 3.3's scheduler and dag-processor do with a timetable, on their own tables."""

    def __init__(self, session, plan):
        from airflow.models.dag import DagModel
        from airflow.models.dagbundle import DagBundleModel
        from airflow.serialization.serialized_objects import DagSerialization

        self.session = session
        self.dag = DagSerialization.from_dict(DagSerialization.to_dict(dag_of(plan)))
        session.add(DagBundleModel(name="dags"))
        session.flush()
        self.model = DagModel(dag_id="train", bundle_name="dags", max_active_runs=16, timetable_summary="")
        self.model.is_paused = False
        session.add(self.model)
        session.flush()

    def parse(self):
        """The dag-processor's part (`dag_processing.collection.DagModelOperation.update_dags`)."""
        from airflow.dag_processing.collection import _get_latest_runs_stmt

        latest = self.session.scalar(_get_latest_runs_stmt(dag_id="train"))
        self.model.timetable_summary = self.dag.timetable.summary
        self.model.calculate_dagrun_date_fields(self.dag, reference_run=latest)

    def create_run(self, *, run_type="scheduled", run_id=None, at=None):
        from airflow.models.dagrun import DagRun
        from airflow.utils.types import DagRunType

        at = at or self.model.next_dagrun_create_after
        kind = DagRunType(run_type)
        run = DagRun(
            dag_id="train",
            run_id=run_id or f"{run_type}__{at.isoformat()}",
            run_type=kind,
            logical_date=at,
            data_interval=(at, at),
            run_after=at,
            state="queued",
        )
        self.session.add(run)
        self.session.flush()
        return run

    def run_all(self, most=30):
        """Create runs as they fall due, as `SchedulerJobRunner._create_dag_runs` does."""
        made = []
        self.parse()
        while self.model.next_dagrun_create_after is not None and len(made) < most:
            run = self.create_run()
            made.append(run)
            self.model.calculate_dagrun_date_fields(self.dag, reference_run=run)
        return made


def test_max_runs_holds(session):
    scheduler = Scheduler(session, plan_of(**TEN_RUNS))
    runs = scheduler.run_all()
    assert [run.run_after for run in runs] == [START + timedelta(hours=2 * k) for k in range(10)]
    assert scheduler.run_all() == []  # parsed again, by another scheduler


def test_max_runs_counts_a_run_that_a_backfill_does_again(session):
    from airflow.utils.types import DagRunType

    scheduler = Scheduler(session, plan_of(**TEN_RUNS))
    runs = scheduler.run_all()
    for run in runs[3:6]:  # models.backfill: the run keeps its id and becomes one of the backfill's
        run.run_type = DagRunType.BACKFILL_JOB
    session.flush()
    assert scheduler.run_all() == []


def test_max_runs_does_not_count_what_others_started(session):
    scheduler = Scheduler(session, plan_of(**{**TEN_RUNS, "maxRuns": 3}))
    scheduler.create_run(run_type="manual", at=START - timedelta(days=3))
    scheduler.create_run(run_type="backfill", at=START - timedelta(days=2))
    assert len(scheduler.run_all()) == 3


def test_a_schedule_does_not_go_on_from_a_backfill(session):
    scheduler = Scheduler(session, plan_of(kind="cron", cron="0 9 * * *"))
    scheduler.create_run(run_type="backfill", at=datetime(2020, 1, 1, 9, tzinfo=UTC))
    scheduler.parse()
    assert scheduler.model.next_dagrun_create_after > datetime.now(UTC)


def test_the_ui_shows_how_many_runs_there_were(session):
    scheduler = Scheduler(session, plan_of(**TEN_RUNS))
    scheduler.parse()
    assert scheduler.model.timetable_summary == "every 2 h from 2026-01-01, at most 10 runs"
    scheduler.run_all(most=3)
    assert scheduler.model.timetable_summary == "every 2 h from 2026-01-01, 3 of 10 runs"
    scheduler.parse()
    assert scheduler.model.timetable_summary == "every 2 h from 2026-01-01, 3 of 10 runs"


def test_schedule_at_is_the_tick(session):
    scheduler = Scheduler(session, plan_of(**TEN_RUNS))
    run = scheduler.run_all(most=1)[0]
    manual = scheduler.create_run(run_type="manual", at=START + timedelta(minutes=1))
    assert schedule_at(run) == START
    assert schedule_at(manual) is None


@pytest.mark.parametrize(
    ("run_type", "expected"),
    [("scheduled", START), ("backfill", START), ("manual", None), ("asset_triggered", None)],
)
def test_schedule_at_in_a_worker(run_type, expected):
    from airflow.sdk.api.datamodels._generated import DagRun, DagRunType

    run = DagRun.model_construct(run_type=DagRunType(run_type), logical_date=START, run_after=START)
    assert schedule_at(run) == expected


def test_a_backfill_walks_the_ticks_of_its_range_and_no_limit_but_that():
    plan = plan_of(**{**TEN_RUNS, "maxRuns": 2})
    restriction = TimeRestriction(START + timedelta(hours=3), START + timedelta(hours=12), catchup=True)
    assert walk(ScheduleTimetable(plan), restriction) == [
        START + timedelta(hours=k) for k in (4, 6, 8, 10, 12)
    ]


@pytest.mark.parametrize(
    ("catchup", "expected"),
    [
        pytest.param(True, datetime(2026, 1, 2, 9, tzinfo=UTC), id="missed ticks come one after another"),
        pytest.param(False, datetime(2026, 1, 10, 9, tzinfo=UTC), id="or the latest of them only"),
    ],
)
def test_a_schedule_without_startat_catches_up_too(catchup, expected):
    # Airflow asks for a start date of every DAG that catches up, so the timetable has to know by itself.
    plan = plan_of(kind="cron", cron="0 9 * * *", maxRuns=99, catchup=catchup)
    timetable = ScheduleTimetable(plan, clock=lambda: datetime(2026, 1, 10, 12, tzinfo=UTC))
    last = timetable.infer_manual_data_interval(run_after=datetime(2026, 1, 1, 9, tzinfo=UTC))
    found = timetable.next_dagrun_info(
        last_automated_data_interval=last, restriction=TimeRestriction(None, None, catchup=False)
    )
    assert found.run_after == expected
