"""Which schedules Airflow's own timetables do right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.schedules import unplanned
from polyaxon_airflow.schedules.cron import JUST_NOW, Cron
from polyaxon_airflow.schedules.crontab import Crontab
from polyaxon_airflow.schedules.datetime import DateTime
from polyaxon_airflow.schedules.interval import Interval
from polyaxon_airflow.schedules.times import UTC, zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from airflow.timetables.base import Timetable


def core_timetable(plan: Mapping[str, Any]) -> Timetable | None:
    """Core's timetable for a schedule in a plan, or None where it does something else.

    It knows no `maxRuns`, catches up only from a `startAt` on, begins a cron schedule at a tick instead, shows no
    seconds, is wrong by a tick where an hourly schedule crosses a change of clocks, and without catch-up lets an
    interval drift.
    """
    schedule, zone = unplanned(plan), zone_of(plan["timezone"])
    if isinstance(schedule, DateTime):
        return _exact(schedule, zone)
    if (
        isinstance(schedule, Cron)
        and plan["timezone"] == "UTC"
        and _is_plain_cron(schedule, catchup=plan["catchup"])
    ):
        from airflow.timetables.trigger import CronTriggerTimetable

        return CronTriggerTimetable(Crontab(schedule.cron).fields, timezone="UTC", run_immediately=JUST_NOW)
    if isinstance(schedule, Interval) and not schedule.max_runs and schedule.start_at and plan["catchup"]:
        from airflow.timetables.trigger import DeltaTriggerTimetable

        return DeltaTriggerTimetable(schedule.step)
    return None


def _exact(schedule: DateTime, zone: tzinfo) -> Timetable:
    # Core's class: the one of airflow.sdk cannot be read back (KeyError: '_summary', Airflow 3.3.2).
    from airflow.timetables.events import EventsTimetable
    from pendulum import instance

    begin = schedule.begin(zone)
    return EventsTimetable([instance(begin)] if begin else [], description=schedule.summary())


def _is_plain_cron(schedule: Cron, *, catchup: bool) -> bool:
    crontab, begin = Crontab(schedule.cron), schedule.begin(UTC)
    if schedule.max_runs or crontab.has_seconds or crontab.fault():
        return False
    return not catchup if begin is None else crontab.first_since(begin, UTC) == begin
