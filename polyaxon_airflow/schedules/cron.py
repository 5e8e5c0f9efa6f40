"""`schedule: {kind: cron}`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from polyaxon_airflow.scalars import Text
from polyaxon_airflow.schedules.crontab import Crontab
from polyaxon_airflow.schedules.recurring import Recurring

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

# A tick this old still becomes the first run, else one that is due while the file is read would be lost.
JUST_NOW = timedelta(minutes=1)


class Cron(Recurring):
    """`schedule: {kind: cron, cron: "0 4 * * *", startAt: 2026-01-01, maxRuns: 30}`.

    With `startAt` the first run is exactly then, whether cron names that time or not (spec section 3.11).
    """

    instead: ClassVar[dict[str, str]] = {
        "expression": "cron",
        "schedule": "cron",
        "frequency": "cron",
    }

    kind: Literal["cron"] = "cron"
    cron: Text  # @hourly and the like, 5 fields, or 6 with seconds last

    def first(self, now: datetime, zone: tzinfo) -> datetime | None:
        begin = self.begin(zone)
        if begin is not None:
            return begin
        tick = self.after(now - JUST_NOW, zone)
        return self.latest(tick, now, zone) if tick is not None and tick <= now else tick

    def after(self, instant: datetime, zone: tzinfo) -> datetime | None:
        begin = self.begin(zone)
        if begin is not None and instant < begin:
            return begin
        return self._crontab.after(instant, self.clock(zone))

    def latest(self, tick: datetime, now: datetime, zone: tzinfo) -> datetime:
        return self._crontab.latest(tick, now, self.clock(zone))

    def faults(self) -> dict[str, str]:
        fault = self._crontab.fault()
        return super().faults() | ({"cron": fault} if fault else {})

    def pace(self) -> str:
        return f"{self.cron} ({self.timezone})" if self.timezone else self.cron

    @property
    def _crontab(self) -> Crontab:
        return Crontab(self.cron)
