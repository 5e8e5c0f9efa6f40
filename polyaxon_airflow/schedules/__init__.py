"""`schedule`: when an operation runs by itself (spec sections 2.24 and 3.11).

A schedule is a row of ticks, instants in UTC. Its methods are pure: told the last tick that became a run, the number
of runs so far and the time, they tell the next one.
"""

from __future__ import annotations

import datetime as dt  # `datetime` is a kind here
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import DatetimeOrTemplate, Text
from polyaxon_airflow.schedules.times import UTC, instant_of, zone_of
from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping


class Schedule(Section):
    """Base of the kinds of `schedule`. Templates in its fields are resolved before its methods are called."""

    merges_whole: ClassVar[bool] = True

    kind: str
    start_at: DatetimeOrTemplate | None = None
    # An extension: the clock that cron and times without an offset are read on, as `Europe/Berlin`.
    timezone: Text | None = None

    def next_run(
        self,
        *,
        last: dt.datetime | None,
        runs: int,
        now: dt.datetime,
        zone: dt.tzinfo,
        catchup: bool = True,
        since: dt.datetime | None = None,
    ) -> dt.datetime | None:
        """`schedule_at` of the next run in UTC, or None when there is none.

        `last` is that of the latest run, `runs` how many there were, `since` the time that the first one may not be
        before. Missed ticks come one after another; without `catchup`, only the latest of them does. `zone` is the
        platform's, for schedules that name none.
        """
        if self.is_used_up(runs):
            return None
        if last is not None:
            tick = self.after(last, zone)
        else:
            tick = self.first(now, zone) if since is None else self.first_since(since, zone)
        if tick is not None and tick < now and not catchup:
            tick = self.latest(tick, now, zone)
        return None if tick is None or self.is_over(tick, zone) else tick

    @abstractmethod
    def first(self, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
        """The tick of the first run of a schedule that has none yet: `startAt`, also if that is past."""

    def first_since(self, since: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
        """The first tick at or after an instant."""
        return self.after(since - dt.timedelta(microseconds=1), zone)

    @abstractmethod
    def after(self, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
        """The first tick strictly after an instant; it may be over."""

    @abstractmethod
    def latest(self, tick: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """The last tick at or before `now`, given one that is."""

    @abstractmethod
    def is_used_up(self, runs: int) -> bool:
        """Whether that many runs are all there will be."""

    @abstractmethod
    def is_over(self, tick: dt.datetime, zone: dt.tzinfo) -> bool:
        """Whether a tick lies behind the end."""

    def begin(self, zone: dt.tzinfo) -> dt.datetime | None:
        """`startAt` as an instant."""
        return instant_of(self.start_at, self.clock(zone)) if isinstance(self.start_at, dt.datetime) else None

    def clock(self, zone: dt.tzinfo) -> dt.tzinfo:
        """The schedule's own time zone, else the platform's."""
        return zone_of(self.timezone) if self.timezone else zone

    def faults(self) -> dict[str, str]:
        """What is wrong with the values: field -> a sentence without its full stop."""
        try:
            self.clock(UTC)
        except ValueError as error:
            return {"timezone": str(error)}
        return {}

    @abstractmethod
    def summary(self, *, runs: int | None = None) -> str:
        """The schedule in words: `every 2 h from 2026-01-01, 3 of 10 runs`."""


SCHEDULE = Kinds(
    "schedule",
    Schedule,
    {
        "cron": "polyaxon_airflow.schedules.cron:Cron",
        "datetime": "polyaxon_airflow.schedules.datetime:DateTime",
        "interval": "polyaxon_airflow.schedules.interval:Interval",
    },
    retired={
        "exact_time": "write kind: datetime",
        "repeatable": "write kind: interval with maxRuns",
    },
)


def planned(schedule: Schedule, *, timezone: str, catchup: bool) -> dict[str, Any]:
    """A schedule as the plan keeps it, in JSON; `timezone` and `catchup` are the platform's, a file's own win."""
    own = getattr(schedule, "catchup", None)
    return {
        "schedule": schedule.to_dict(),
        "timezone": schedule.timezone or timezone,
        "catchup": catchup if own is None else own,
    }


def unplanned(plan: Mapping[str, Any]) -> Schedule:
    """The schedule of a plan."""
    return SCHEDULE.load(plan["schedule"]["kind"]).model_validate(plan["schedule"])
