"""A timetable that does what a schedule says, `maxRuns` included."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

from polyaxon_airflow.schedules import unplanned
from polyaxon_airflow.schedules.times import UTC, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.models.dagrun import DagRun
    from airflow.timetables.base import TimeRestriction
    from pendulum import DateTime


class CountedRunInfo(DagRunInfo):
    """A run, how many the schedule had started when it was looked at, and which tick the last of those had.

    The run itself may be a backfill's, after which the schedule must not go on.
    """

    runs: int
    last_tick: datetime | None


class ScheduleTimetable(Timetable):
    """The ticks of a schedule; a run's logical date and `run_after` are its `schedule_at`.

    `maxRuns` counts the DAG runs that the schedule started, in the database, so that it holds across restarts,
    clears and backfills. Runs that were deleted are given back.
    """

    def __init__(
        self, plan: Mapping[str, Any], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.plan = dict(plan)
        self._clock = clock
        self._schedule = unplanned(plan)
        self._zone = zone_of(plan["timezone"])

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        return cls(data)

    def serialize(self) -> dict[str, Any]:
        return self.plan

    def validate(self) -> None:
        from airflow.exceptions import AirflowTimetableInvalid

        faults = self._schedule.faults()
        if faults:
            raise AirflowTimetableInvalid("; ".join(faults.values()))

    @property
    def summary(self) -> str:
        return self._schedule.summary()

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def run_info_from_dag_run(self, *, dag_run: DagRun) -> DagRunInfo:
        """The run, counted. Scheduler and dag-processor call this in the transaction that writes the DAG's row."""
        runs, last_tick = _started(dag_run)
        _show(dag_run, self._schedule.summary(runs=runs))
        info = CountedRunInfo(*super().run_info_from_dag_run(dag_run=dag_run))
        info.runs, info.last_tick = runs, last_tick
        return info

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = (
            None
            if last_automated_data_interval is None
            else DagRunInfo.exact(last_automated_data_interval.end)
        )
        return self.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        tick = self._next(last_dagrun_info, restriction)
        if tick is None or (restriction.latest is not None and tick > restriction.latest):
            return None
        from pendulum import instance

        return DagRunInfo.exact(instance(tick, tz="UTC"))

    def _next(self, last: DagRunInfo | None, restriction: TimeRestriction) -> datetime | None:
        if isinstance(last, CountedRunInfo):
            runs, last_tick = last.runs, last.last_tick
        else:  # a backfill walks the ticks without counting: its range is its limit
            runs, last_tick = 0, None if last is None else last.run_after
        return self._schedule.next_run(
            last=None if last_tick is None else _plain(last_tick),
            runs=runs,
            now=self._clock(),
            zone=self._zone,
            catchup=restriction.catchup or self.plan["catchup"],
            since=None if restriction.earliest is None else _plain(restriction.earliest),
        )


def _plain(moment: datetime) -> datetime:
    """Not pendulum's, whose differences cannot be divided by a timedelta."""
    utc = moment.astimezone(UTC)
    return datetime.combine(utc.date(), utc.time(), UTC)


def _started(dag_run: DagRun) -> tuple[int, datetime | None]:
    """How many runs the schedule has started, and the tick of the last.

    A backfill that does one again takes its type, not its run id.
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.types import DagRunType
    from sqlalchemy import func, or_, select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return 0, None
    scheduled = or_(
        DagRun.run_type == DagRunType.SCHEDULED, DagRun.run_id.startswith(f"{DagRunType.SCHEDULED.value}__")
    )
    asked = select(func.count(), func.max(DagRun.logical_date)).where(
        DagRun.dag_id == dag_run.dag_id, scheduled
    )
    runs, last_tick = session.execute(asked).one()
    return runs, last_tick


def _show(dag_run: DagRun, summary: str) -> None:
    """Put the summary with its count where the UI reads it: nothing else tells Airflow that it has changed."""
    if dag_run.dag_model is not None:
        dag_run.dag_model.timetable_summary = summary
