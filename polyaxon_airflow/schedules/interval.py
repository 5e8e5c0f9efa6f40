"""`schedule: {kind: interval}`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.schedules.recurring import Recurring
from polyaxon_airflow.schedules.times import span_text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


class Interval(Recurring):
    """`schedule: {kind: interval, frequency: 3600}`; a number counts seconds.

    Ticks are `startAt + k * frequency`; without `startAt` the first run is at once, and the others follow from it.
    """

    instead: ClassVar[dict[str, str]] = {
        "every": "frequency",
        "interval": "frequency",
        "cron": "frequency",
    }

    kind: Literal["interval"] = "interval"
    frequency: Annotated[timedelta | str, OR_TEMPLATE]

    @property
    def step(self) -> timedelta:
        """`frequency` as a length of time."""
        if isinstance(self.frequency, str):
            raise TypeError(f"frequency {self.frequency!r} is still a template")
        return self.frequency

    def first(self, now: datetime, zone: tzinfo) -> datetime | None:
        return self.begin(zone) or now.replace(microsecond=0)

    def first_since(self, since: datetime, zone: tzinfo) -> datetime | None:
        return since if self.begin(zone) is None else super().first_since(since, zone)

    def after(self, instant: datetime, zone: tzinfo) -> datetime | None:
        begin = self.begin(zone)
        if begin is None:
            return instant + self.step
        if instant < begin:
            return begin
        return begin + self.step * ((instant - begin) // self.step + 1)

    def latest(self, tick: datetime, now: datetime, zone: tzinfo) -> datetime:  # noqa: ARG002
        return tick + self.step * ((now - tick) // self.step)

    def faults(self) -> dict[str, str]:
        if isinstance(self.frequency, str) or self.frequency > timedelta():
            return super().faults()
        return super().faults() | {
            "frequency": f"frequency must be longer than nothing, not {self.frequency}"
        }

    def pace(self) -> str:
        return f"every {span_text(self.step)}"
