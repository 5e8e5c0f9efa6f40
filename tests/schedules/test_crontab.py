from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from polyaxon_airflow.schedules.crontab import Crontab

from .model import ODD_DAYS, at, cron_ticks, random_cron

BERLIN = ZoneInfo("Europe/Berlin")
UTC = timezone.utc


def ticks(expression, zone, start, end):
    crontab, found, tick = Crontab(expression), [], start
    while (tick := crontab.after(tick, zone)) is not None and tick <= end:
        found.append(tick)
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        pytest.param("@hourly", "UTC", "2026-01-01T00:30", ["01-01T01:00", "01-01T02:00"], id="hourly"),
        pytest.param("@daily", "UTC", "2026-01-01T00:00", ["01-02T00:00", "01-03T00:00"], id="daily, strictly after"),
        pytest.param("@weekly", "UTC", "2026-01-01T00:00", ["01-04T00:00", "01-11T00:00"], id="weekly on Sunday"),
        pytest.param("@monthly", "UTC", "2026-01-01T00:00", ["02-01T00:00", "03-01T00:00"], id="monthly"),
        pytest.param("@quarterly", "UTC", "2026-01-01T00:00", ["04-01T00:00", "07-01T00:00"], id="quarterly"),
        pytest.param("@Yearly", "UTC", "2026-01-01T00:00", ["2027-01-01T00:00", "2028-01-01T00:00"], id="yearly, any case"),
        pytest.param("* * * * * */20", "UTC", "2026-01-01T00:00", ["01-01T00:00:20", "01-01T00:00:40"], id="seconds last"),
        pytest.param("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"], id="leap days"),
        pytest.param("0 0 13 * 5", "UTC", "2026-01-01T00:00", ["01-02T00:00", "01-09T00:00", "01-13T00:00"], id="day of month or weekday"),
        pytest.param("0 0 5-5 * *", "UTC", "2026-01-01T00:00", ["01-05T00:00", "02-05T00:00"], id="a range of one value"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-03-28T02:00", ["03-29T01:30", "03-30T00:30"], id="a skipped time fires late"),
        pytest.param("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", ["03-29T01:30", "03-30T00:30"], id="never twice at one instant"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-24T02:00", ["10-25T00:30", "10-26T01:30"], id="a repeated time fires once"),
        pytest.param("30 * * * *", "Europe/Berlin", "2026-10-25T00:00", ["10-25T00:30", "10-25T01:30"], id="every hour keeps its pace"),
    ],
)  # fmt: skip
def test_next_ticks(expression, zone, after, expected):
    tick = datetime.fromisoformat(after).replace(tzinfo=UTC)
    for text in expected:
        tick = Crontab(expression).after(tick, ZoneInfo(zone))
        assert tick == datetime.fromisoformat(text if len(text) > 14 else f"2026-{text}").replace(tzinfo=UTC)


def test_an_hourly_schedule_on_one_day_a_month_keeps_to_that_day():
    # A tick is a time of the wall clock: adding 31 days of seconds would give Oct 31, 23:00 (as Airflow 3.3.2 does).
    after = datetime(2026, 10, 1, 23, tzinfo=BERLIN)
    assert Crontab("0 * 1 * *").after(after, BERLIN) == datetime(2026, 11, 1, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        pytest.param("0 9 * * mon-fri", None, id="names of days"),
        pytest.param(
            "@fortnightly",
            "unknown cron preset '@fortnightly'; known: @annually, @daily",
            id="unknown preset",
        ),
        pytest.param("bad", "must have 5 fields, or 6 with seconds last", id="no cron at all"),
        pytest.param("", "must have 5 fields, or 6 with seconds last", id="empty"),
        pytest.param("0 0 1 1 * 0 2030", "must have 5 fields", id="years are not Polyaxon's"),
        pytest.param("0 24 * * *", "cannot be read", id="out of range"),
        pytest.param("0 0 30 2 *", "names a day that never comes", id="30 February"),
        pytest.param("R 3 * * *", "draws its times by chance", id="random"),
        pytest.param("0 0 * jan thu", None, id="names with r and h in them"),
    ],
)
def test_faults(expression, fault):
    found = Crontab(expression).fault()
    assert found is None if fault is None else fault in found


def compare_with_model(rng, *, seconds):
    zone, day = rng.choice(ODD_DAYS)
    start = at(day) - timedelta(seconds=rng.randrange(4 * 3600 if seconds else 40 * 3600))
    end = start + (timedelta(hours=5) if seconds else timedelta(days=3))
    expression = random_cron(rng, seconds=seconds)
    if Crontab(expression).fault() is None:  # 31 February comes up now and then
        expected = cron_ticks(expression, ZoneInfo(zone), start, end)[:200]
        assert ticks(expression, ZoneInfo(zone), start, expected[-1] if expected else end) == expected, (
            expression,
            zone,
            start,
        )


@pytest.mark.parametrize("seed", range(5))
def test_random_expressions_on_odd_days(seed):
    rng = random.Random(seed)
    for number in range(20):
        compare_with_model(rng, seconds=number % 20 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_more_random_expressions_on_odd_days(seed):
    rng = random.Random(1000 + seed)
    for number in range(100):
        compare_with_model(rng, seconds=number % 20 == 0)
