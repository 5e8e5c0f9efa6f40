"""`schedule: {kind: datetime}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.scalars import DatetimeOrTemplate
from polyaxon_airflow.schedules import Schedule
from polyaxon_airflow.schedules.times import UTC, moment_text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


class DateTime(Schedule):
    """`schedule: {kind: datetime, startAt: "2026-06-24T21:20:07+00:00"}`: one run, then never again."""

    kind: Literal["datetime"] = "datetime"
    start_at: DatetimeOrTemplate

    def first(self, now: datetime, zone: tzinfo) -> datetime | None:  # noqa: ARG002
        return self.begin(zone)

    def after(self, instant: datetime, zone: tzinfo) -> datetime | None:
        begin = self.begin(zone)
        return begin if begin is not None and instant < begin else None

    def latest(self, tick: datetime, now: datetime, zone: tzinfo) -> datetime:  # noqa: ARG002
        return tick

    def is_used_up(self, runs: int) -> bool:
        return runs > 0

    def is_over(self, tick: datetime, zone: tzinfo) -> bool:
        return tick != self.begin(zone)

    def summary(self, *, runs: int | None = None) -> str:
        begin = self.begin(UTC)
        when = moment_text(begin, self.clock(UTC)) if begin else self.start_at
        return f"once, {when}" if not runs else f"once, {when}: done"
