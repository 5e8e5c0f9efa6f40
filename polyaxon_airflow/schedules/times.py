"""Instants, time zones and spans: from a polyaxonfile's values, and into words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import tzinfo

UTC = timezone.utc
_UNITS = [
    ("day", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
]


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError, with what to write, if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise ValueError(f"unknown time zone '{name}'; write an IANA name such as Europe/Berlin") from error


def instant_of(value: datetime, zone: tzinfo) -> datetime:
    """A moment in UTC; without an offset it is a time of a clock in `zone`."""
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def span_text(span: timedelta) -> str:
    """A length of time in words.

    >>> span_text(timedelta(days=2, hours=1, seconds=30))
    '2 days 1 h 30 s'
    """
    words, rest = [], span
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            words.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}")
    if rest:
        words.append(f"{rest.microseconds} µs")
    return " ".join(words)


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """A moment on a clock in `zone`, as short as it can be.

    >>> moment_text(datetime(2026, 1, 1, 9, 30, tzinfo=UTC), UTC)
    '2026-01-01 09:30'
    """
    wall = moment.astimezone(zone).replace(tzinfo=None)
    if wall.time() == datetime.min.time():
        return wall.date().isoformat()
    return wall.isoformat(" ", timespec="auto" if wall.second or wall.microsecond else "minutes")
