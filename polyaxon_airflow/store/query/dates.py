"""Dates in a query: days, minutes, moments and words such as `today` and `last_month`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta
from typing import Final

_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_MINUTE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[ T](\d{1,2}:\d{2})")

# How long ago each begins. `last_month` is Polyaxon's, 30 days; it and its like reach up to now and beyond.
_AGO: Final = {
    "last_hour": timedelta(hours=1),
    "last_day": timedelta(days=1),
    "last_week": timedelta(days=7),
    "last_month": timedelta(days=30),
    "last_quarter": timedelta(days=91),
    "last_year": timedelta(days=365),
}
_DAYS: Final = {"today": 0, "yesterday": 1}
KEYWORDS: Final = (*_DAYS, *_AGO)


@dataclass(frozen=True)
class Span:
    """The time that a date in a query stands for: from `start` up to, not with, `end`; without end if None."""

    start: datetime
    end: datetime | None


def read_date(text: str, at: datetime) -> Span | None:
    """What a date stands for at a given moment, or None if it is none.

    A day is that day, a time of day without seconds that minute, as in Polyaxon; without an offset they are in
    the time zone of `at`.
    """
    if text in _DAYS:
        return _day(at - timedelta(days=_DAYS[text]))
    if text in _AGO:
        return Span(at - _AGO[text], None)
    if _DAY.fullmatch(text):
        day = _parse(text, "%Y-%m-%d", at)
        return _day(day) if day else None
    if found := _MINUTE.fullmatch(text):
        minute = _parse(f"{found[1]} {found[2]}", "%Y-%m-%d %H:%M", at)
        return Span(minute, minute + timedelta(minutes=1)) if minute else None
    moment = _moment(text, at)
    step = timedelta(microseconds=1) if moment and moment.microsecond else timedelta(seconds=1)
    return Span(moment, moment + step) if moment else None


def _day(moment: datetime) -> Span:
    start = datetime.combine(moment.date(), time(), tzinfo=moment.tzinfo)
    return Span(start, start + timedelta(days=1))


def _parse(text: str, form: str, at: datetime) -> datetime | None:
    try:
        return _usual(datetime.strptime(text, form).replace(tzinfo=at.tzinfo))
    except ValueError:
        return None


def _moment(text: str, at: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError:
        return None
    return _usual(moment if moment.tzinfo else moment.replace(tzinfo=at.tzinfo))


def _usual(moment: datetime) -> datetime | None:
    """Away from the ends of the calendar, where a day more or another time zone does not exist."""
    return moment if MINYEAR < moment.year < MAXYEAR else None
