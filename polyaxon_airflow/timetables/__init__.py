"""Schedules as Airflow timetables.

Core's timetable where it does the same as the schedule, ours where it does not. Ours are registered by the plugin:
the scheduler, the dag-processor and the API server build them from a serialised DAG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.schedules import planned, unplanned
from polyaxon_airflow.schedules.times import UTC, zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow.timetables.base import Timetable

__all__ = ["dag_arguments", "planned", "schedule_at", "timetable_of"]


def timetable_of(plan: Mapping[str, Any]) -> Timetable:
    """The timetable of a schedule in a plan (`schedules.planned`)."""
    from polyaxon_airflow.timetables.core import core_timetable
    from polyaxon_airflow.timetables.scheduled import ScheduleTimetable

    return core_timetable(plan) or ScheduleTimetable(plan)


def dag_arguments(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What `airflow.sdk.DAG` is to be called with for a schedule in a plan.

    `dependsOnPast` is one active run at a time: Airflow's own `depends_on_past` is about tasks, and after a failed
    one leaves the next runs waiting for ever.
    """
    schedule, zone = unplanned(plan), zone_of(plan["timezone"])
    arguments: dict[str, Any] = {
        "schedule": timetable_of(plan),
        "start_date": schedule.begin(zone),
        "end_date": getattr(schedule, "end", lambda _: None)(zone),
        # Airflow catches up from a start date on; our timetable needs none.
        "catchup": schedule.start_at is not None and (plan["catchup"] or schedule.kind == "datetime"),
    }
    if getattr(schedule, "depends_on_past", None):
        arguments["max_active_runs"] = 1
    return arguments


def schedule_at(run: Any) -> datetime | None:
    """`globals.schedule_at` of an Airflow DAG run: the tick it stands for, None if nobody scheduled it."""
    # A worker has an enumeration of its own, which does not read as its value.
    if getattr(run.run_type, "value", run.run_type) not in {"scheduled", "backfill"}:
        return None
    tick: datetime | None = run.logical_date or run.run_after
    return None if tick is None else tick.astimezone(UTC)
