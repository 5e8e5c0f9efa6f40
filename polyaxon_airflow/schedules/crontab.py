"""Cron expressions: which instants they name, also where clocks change.

An expression names times of day on a wall clock; a time zone says which instants those are. Two days a year they
are not one to one, and these rules decide:

- A time that the clock jumps over fires as late as the jump is long: 02:30 becomes 03:30.
- A time that the clock shows twice fires once, the first time. Expressions that name every hour fire both times,
  since what they ask for is a pace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

# What Polyaxon's server expands (spec section 2.24), and the two other names of the same.
PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Clocks have jumped by a whole day (Samoa, 2011), never by more.
_LONGEST_JUMP = timedelta(hours=26)
_ONE_VALUE = re.compile(r"(?<![\w#-])(\w+)-\1(/\d+)?(?=,|\s|$)")  # croniter reads `5-5` as all the way round
_DRAWN = re.compile(
    r"(^|[\s,])[rh](?![a-z])", re.IGNORECASE
)  # croniter's `R` and `H`: another time in each process


@dataclass(frozen=True)
class Crontab:
    """A cron expression: a preset, five fields, or six of which the last is seconds.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> Crontab("30 2 * * *").after(datetime(2026, 3, 28, 12, tzinfo=timezone.utc), berlin).isoformat()
    '2026-03-29T01:30:00+00:00'
    """

    expression: str

    @cached_property
    def fields(self) -> str:
        """The expression with its preset written out."""
        text = self.expression.strip()
        return PRESETS.get(text.lower()) or _ONE_VALUE.sub(r"\1", text)

    @property
    def has_seconds(self) -> bool:
        return len(self.fields.split()) == 6

    def fault(self) -> str | None:
        """What is wrong with the expression, or None."""
        if self.fields.startswith("@"):
            return f"unknown cron preset '{self.expression}'; known: {', '.join(sorted(PRESETS))}"
        if len(self.fields.split()) not in (5, 6):
            return f"cron '{self.expression}' must have 5 fields, or 6 with seconds last"
        if _DRAWN.search(self.fields):
            return f"cron '{self.expression}' draws its times by chance (H, R); write them out"
        try:
            croniter(self.fields, datetime(2000, 1, 1)).get_next(datetime)  # noqa: DTZ001 - a wall clock
        except CroniterBadDateError:
            return f"cron '{self.expression}' names a day that never comes"
        except CroniterBadCronError as error:
            return f"cron '{self.expression}' cannot be read: {error}"
        return None

    def after(self, instant: datetime, zone: tzinfo) -> datetime | None:
        """The first tick strictly after `instant`, in UTC; None if there is none.

        `instant` is aware. Raises ValueError if the expression has a `fault()`.
        """
        best = None
        for wall in self._walls(_wall(instant, zone) - _shift_around(instant, zone)):
            if best is not None and wall >= _wall(best, zone) + _shift_around(best, zone):
                break
            later = [tick for tick in self._instants(wall, zone) if tick > instant]
            best = min([*later, best] if best else later, default=None)
        return best

    def first_since(self, since: datetime, zone: tzinfo) -> datetime | None:
        """The first tick at or after an instant."""
        return self.after(since - timedelta(microseconds=1), zone)

    def latest(self, tick: datetime, now: datetime, zone: tzinfo) -> datetime:
        """The last tick at or before `now`, given one that is."""
        back = timedelta(seconds=1)
        while now - back > tick:
            found = self.after(now - back, zone)
            if found is not None and found <= now:
                return self._last(found, now, zone)
            back *= 2  # so that few ticks lie in the window that has any
        return self._last(tick, now, zone)

    def _last(self, tick: datetime, now: datetime, zone: tzinfo) -> datetime:
        while (later := self.after(tick, zone)) is not None and later <= now:
            tick = later
        return tick

    def _walls(self, start: datetime) -> Iterator[datetime]:
        """Matching times of a wall clock, strictly after `start`."""
        ticks = croniter(self.fields, start)
        try:
            while True:
                yield ticks.get_next(datetime)
        except CroniterBadDateError:
            return

    def _instants(self, wall: datetime, zone: tzinfo) -> list[datetime]:
        first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
        if not self._every_hour:
            return [first]
        return [instant for instant in (first, second) if _wall(instant, zone) == wall]

    @cached_property
    def _every_hour(self) -> bool:
        return bool(croniter(self.fields).expanded[1] == ["*"])


def _wall(instant: datetime, zone: tzinfo) -> datetime:
    """What a clock in `zone` shows, without the zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


def _shift_around(instant: datetime, zone: tzinfo) -> timedelta:
    """How much a clock in `zone` is changed around `instant`; zero on all but a few days a year."""
    offsets = [
        (instant + distance).astimezone(zone).utcoffset() or timedelta()
        for distance in (-_LONGEST_JUMP, timedelta(), _LONGEST_JUMP)
    ]
    return max(offsets) - min(offsets)
