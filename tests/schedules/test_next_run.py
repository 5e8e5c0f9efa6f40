from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from polyaxon_airflow.schedules import SCHEDULE

from .model import ODD_DAYS, at, cron_ticks, random_cron

UTC = timezone.utc
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)  # when the schedules of these tables are created


def schedule(**fields):
    return SCHEDULE.load(fields["kind"]).model_validate(fields)


def runs(found, *, now=NOON, zone=UTC, until=None, limit=50, catchup=True):
    """The runs there are until some moment, as a scheduler that is never late would start them."""
    ticks = []
    while len(ticks) < limit:
        tick = found.next_run(
            last=ticks[-1] if ticks else None, runs=len(ticks), now=now, zone=zone, catchup=catchup
        )
        if tick is None or (until is not None and tick > until):
            break
        ticks.append(tick)
        now = max(now, tick)
    return ticks


def texts(ticks):
    return [tick.strftime("%m-%dT%H:%M:%S").removesuffix(":00") for tick in ticks]


# Spec section 3.11, "First run" and "Next run".
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"kind": "datetime", "startAt": "2026-01-05T08:00"}, ["01-05T08:00"], id="datetime: once"),
        pytest.param({"kind": "datetime", "startAt": "2025-12-05T08:00"}, ["12-05T08:00"], id="datetime: a past one too"),
        pytest.param({"kind": "cron", "cron": "0 * * * *"}, ["01-01T12:00", "01-01T13:00"], id="cron: a tick that is just now"),
        pytest.param({"kind": "cron", "cron": "30 * * * *"}, ["01-01T12:30", "01-01T13:30"], id="cron: first tick after creation"),
        pytest.param({"kind": "cron", "cron": "0 4 * * *", "startAt": "2026-01-03T09:15:30"}, ["01-03T09:15:30", "01-04T04:00"], id="cron: exactly at startAt, though cron names another time"),
        pytest.param({"kind": "cron", "cron": "0 4 * * *", "startAt": "2025-12-30"}, ["12-30T00:00", "12-30T04:00", "12-31T04:00"], id="cron: catches up from a past startAt"),
        pytest.param({"kind": "interval", "frequency": 7200}, ["01-01T12:00", "01-01T14:00"], id="interval: at once"),
        pytest.param({"kind": "interval", "frequency": 7200, "startAt": "2026-01-01T15:30"}, ["01-01T15:30", "01-01T17:30"], id="interval: from startAt on"),
        pytest.param({"kind": "interval", "frequency": "PT6H", "startAt": "2025-12-31T20:00"}, ["12-31T20:00", "01-01T02:00", "01-01T08:00"], id="interval: catches up"),
        pytest.param({"kind": "interval", "frequency": 3600, "startAt": "2026-01-01T14:00:00+02:00"}, ["01-01T12:00", "01-01T13:00"], id="an offset is kept"),
    ],
)  # fmt: skip
def test_first_and_next_runs(fields, expected):
    assert texts(runs(schedule(**fields)))[: len(expected)] == expected
    if fields["kind"] == "datetime":
        assert len(runs(schedule(**fields))) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"maxRuns": 3}, 3, id="maxRuns counts runs"),
        pytest.param({"maxRuns": 0}, 50, id="maxRuns 0 is no limit"),
        pytest.param({"endAt": "2026-01-01T15:00"}, 4, id="endAt is inclusive"),
        pytest.param({"endAt": "2026-01-01T14:59:59"}, 3, id="a tick after endAt does not run"),
        pytest.param({"startAt": "2026-01-01T12:00", "endAt": "2026-01-01T12:00"}, 1, id="startAt and endAt at one moment"),
        pytest.param({"startAt": "2026-01-02", "endAt": "2026-01-01"}, 0, id="an end before the start"),
        pytest.param({"endAt": "2026-01-01T15:00", "maxRuns": 2}, 2, id="whatever comes first: maxRuns"),
        pytest.param({"endAt": "2026-01-01T13:00", "maxRuns": 9}, 2, id="whatever comes first: endAt"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [{"kind": "interval", "frequency": 3600}, {"kind": "cron", "cron": "@hourly"}], ids=lambda kind: kind["kind"])  # fmt: skip
def test_the_end(kind, fields, expected):
    assert len(runs(schedule(**kind, **fields))) == expected


DOWN = datetime(2026, 1, 10, 12, 20, tzinfo=UTC)  # the scheduler was away from NOON until then


@pytest.mark.parametrize(
    ("fields", "catchup", "expected"),
    [
        pytest.param({"kind": "cron", "cron": "@daily"}, True, ["01-02T00:00", "01-03T00:00", "01-04T00:00"], id="cron catches up one by one"),
        pytest.param({"kind": "cron", "cron": "@daily"}, False, ["01-10T00:00", "01-11T00:00"], id="cron without: the latest, then the next"),
        pytest.param({"kind": "cron", "cron": "@yearly"}, False, ["01-01T00:00"], id="cron without: nothing was missed"),
        pytest.param({"kind": "interval", "frequency": 5400}, False, ["01-10T12:00", "01-10T13:30"], id="interval keeps its grid"),
        pytest.param({"kind": "interval", "frequency": 5400}, True, ["01-01T13:30", "01-01T15:00"], id="interval catches up one by one"),
    ],
)  # fmt: skip
def test_what_was_missed(fields, catchup, expected):
    found, last, ticks = schedule(**fields), NOON, []
    for _ in expected:
        last = found.next_run(last=last, runs=1, now=DOWN, zone=UTC, catchup=catchup)
        ticks.append(last)
    assert texts(ticks) == expected


@pytest.mark.parametrize(
    ("fields", "zone", "expected"),
    [
        pytest.param({"startAt": "2026-07-01T09:00"}, "UTC", "2026-07-01T09:00:00+00:00", id="UTC unless said"),
        pytest.param({"startAt": "2026-07-01T09:00"}, "Europe/Berlin", "2026-07-01T07:00:00+00:00", id="the platform's zone"),
        pytest.param({"startAt": "2026-07-01T09:00", "timezone": "Asia/Tokyo"}, "Europe/Berlin", "2026-07-01T00:00:00+00:00", id="the schedule's own zone"),
        pytest.param({"startAt": "2026-07-01T09:00-04:00", "timezone": "Asia/Tokyo"}, "UTC", "2026-07-01T13:00:00+00:00", id="an offset says it all"),
        pytest.param({"startAt": 1782896400}, "Asia/Tokyo", "2026-07-01T09:00:00+00:00", id="epoch seconds"),
    ],
)  # fmt: skip
def test_times_without_an_offset(fields, zone, expected):
    found = schedule(kind="interval", frequency=60, **fields)
    assert found.begin(ZoneInfo(zone)) == datetime.fromisoformat(expected)


def test_cron_is_read_on_the_clock_of_its_zone():
    found = schedule(kind="cron", cron="0 9 * * *", timezone="Europe/Berlin", endAt="2026-03-30T09:00")
    assert texts(runs(found, now=at("2026-03-27T12:00:00+00:00"))) == [
        "03-28T08:00",
        "03-29T07:00",
        "03-30T07:00",
    ]


def test_a_first_tick_that_is_due_while_the_file_is_read_is_not_lost():
    yearly = schedule(kind="cron", cron="@yearly")
    assert yearly.first(at("2027-01-01T00:00:20+00:00"), UTC) == at("2027-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("fields", "runs", "summary"),
    [
        pytest.param({"kind": "interval", "frequency": 7200, "startAt": "2026-01-01", "maxRuns": 10}, 3, "every 2 h from 2026-01-01, 3 of 10 runs", id="the example of the docs"),
        pytest.param({"kind": "interval", "frequency": 90061}, None, "every 1 day 1 h 1 min 1 s", id="a frequency in all its units"),
        pytest.param({"kind": "interval", "frequency": 60, "endAt": "2026-01-01T10:30", "maxRuns": 5, "dependsOnPast": True}, None, "every 1 min until 2026-01-01 10:30, at most 5 runs, one at a time", id="before any run"),
        pytest.param({"kind": "cron", "cron": "@daily", "timezone": "Europe/Berlin", "startAt": "2026-07-01T09:00"}, None, "@daily (Europe/Berlin) from 2026-07-01 09:00", id="on its own clock"),
        pytest.param({"kind": "datetime", "startAt": "2026-06-24T21:20:07+00:00"}, None, "once, 2026-06-24 21:20:07", id="datetime"),
        pytest.param({"kind": "datetime", "startAt": "2026-06-24T21:20:07+00:00"}, 1, "once, 2026-06-24 21:20:07: done", id="datetime, done"),
    ],
)  # fmt: skip
def test_summaries(fields, runs, summary):
    assert schedule(**fields).summary(runs=runs) == summary


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        pytest.param({"kind": "cron", "cron": "@daily", "maxRuns": 0}, {}, id="nothing"),
        pytest.param({"kind": "cron", "cron": "61 * * * *", "maxRuns": -1}, {"cron": "cannot be read", "max_runs": "not -1"}, id="two at once"),
        pytest.param({"kind": "interval", "frequency": 0}, {"frequency": "longer than nothing"}, id="an interval of nothing"),
        pytest.param({"kind": "interval", "frequency": "{{ every }}"}, {}, id="a template is judged later"),
        pytest.param({"kind": "interval", "frequency": 60, "startAt": "2026-01-02", "endAt": "2026-01-01"}, {"end_at": "would never run"}, id="ends before it starts"),
        pytest.param({"kind": "datetime", "startAt": "2026-01-02", "timezone": "Europe/Berlni"}, {"timezone": "unknown time zone 'Europe/Berlni'"}, id="a zone that is none"),
    ],
)  # fmt: skip
def test_faults(fields, faults):
    found = schedule(**fields).faults()
    assert found.keys() == faults.keys()
    assert all(faults[field] in found[field] for field in faults)


def random_schedule(rng, day):
    """Fields of any schedule, and its ticks by brute force with the rules of spec section 3.11."""
    zone = ZoneInfo(day[0])
    created = at(day[1]) - timedelta(seconds=rng.randrange(1800, 24 * 3600))
    begin = rng.choice([None, created + timedelta(seconds=rng.randrange(-7200, 24 * 3600))])
    end = rng.choice([None, (begin or created) + timedelta(seconds=rng.randrange(0, 30 * 3600))])
    count = rng.choice([0, 0, 1, rng.randrange(2, 40)])
    horizon = min(end or created + timedelta(hours=30), created + timedelta(hours=30))
    common = {"endAt": end, "startAt": begin, "maxRuns": count}
    kind = rng.choice(["cron", "interval", "datetime"])
    if kind == "cron":
        fields = {"cron": random_cron(rng), **common}
        ticks = cron_ticks(fields["cron"], zone, begin or created - timedelta(minutes=1), horizon)
        now = [tick for tick in ticks if tick <= created]
        ticks = [begin, *ticks] if begin else [*now[-1:], *ticks[len(now) :]]
    elif kind == "interval":
        frequency = timedelta(seconds=rng.choice([1, 7, 60, 3600, rng.randrange(1, 90000)]))
        fields = {"frequency": frequency, **common}
        first = begin or created.replace(microsecond=0)
        ticks = [first + k * frequency for k in range(60)]
    else:
        fields = {"startAt": begin or created}
        ticks, count, horizon = [begin or created], 0, created + timedelta(hours=30)
    ticks = [tick for tick in ticks if tick <= horizon][: count or 50]
    return {"kind": kind, **fields}, zone, created, horizon, ticks[:50]


def compare_with_model(seed):
    rng = random.Random(seed)
    fields, zone, created, horizon, expected = random_schedule(rng, rng.choice(ODD_DAYS))
    found = schedule(**fields)
    if not found.faults() or set(found.faults()) == {"end_at"}:
        assert runs(found, now=created, zone=zone, until=horizon) == expected, (seed, fields, zone, created)


def test_random_schedules_over_odd_days():
    for seed in range(150):
        compare_with_model(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_random_schedules_over_odd_days(block):
    for seed in range(500):
        compare_with_model(10_000 + 500 * block + seed)
