"""What a schedule means, by brute force: every second or minute of a window is looked at. Shares no code with the package.

Cron fields are read here a second time, without croniter; a wall clock is walked minute by minute, so that nothing
can be skipped or repeated unnoticed where clocks change.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

NAMES = {
    name: value
    for names in ("jan feb mar apr may jun jul aug sep oct nov dec", "sun mon tue wed thu fri sat")
    for value, name in enumerate(names.split(), start=1 if names.startswith("jan") else 0)
}
BOUNDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59)]


def cron_ticks(expression, zone, start, end):
    """All instants of `(start, end]` that the expression names, in order."""
    fields = expression.split()
    step = timedelta(seconds=1) if len(fields) == 6 else timedelta(minutes=1)
    names = [_values(field, *bounds) for field, bounds in zip(fields, BOUNDS, strict=False)]
    matching = _of_instants if names[1] == set(range(24)) else _of_walls
    found = matching(_floor(start, step), end, step, zone, lambda wall: _matches(wall, names, fields))
    return sorted({instant for instant in found if start < instant <= end})


def _of_instants(instant, end, step, zone, matches):
    while instant <= end:
        if matches(instant.astimezone(zone).replace(tzinfo=None)):
            yield instant
        instant += step


def _of_walls(start, end, step, zone, matches):
    # More on both sides: where a clock jumps, its times stand for instants elsewhere. Only Samoa jumped by a day.
    more = timedelta(days=1.1) if str(zone) == "Pacific/Apia" else timedelta(hours=1.1)
    wall = _floor(start.astimezone(zone).replace(tzinfo=None) - more, step)
    while wall <= end.astimezone(zone).replace(tzinfo=None) + more:
        if matches(wall):
            yield wall.replace(tzinfo=zone).astimezone(timezone.utc)
        wall += step


def _floor(moment, step):
    return moment.replace(microsecond=0, second=moment.second if step < timedelta(minutes=1) else 0)


def _matches(wall, names, fields):
    minute, hour, day, month, weekday = names[:5]
    seconds = names[5] if len(names) == 6 else {0}
    if (
        wall.second not in seconds
        or wall.minute not in minute
        or wall.hour not in hour
        or wall.month not in month
    ):
        return False
    weekday = {value % 7 for value in weekday}
    on_day, on_weekday = wall.day in day, wall.isoweekday() % 7 in weekday
    # Both given: either will do (crontab(5)). Beside a field with a star, as `*/10`, one that names all there is says as
    # much as `*` (croniter, by which Airflow reads cron).
    all_days = day == set(range(1, 32)) and "*" in fields[4]
    all_weekdays = weekday == set(range(7)) and "*" in fields[2]
    both = "*" not in (fields[2], fields[4]) and not all_days and not all_weekdays
    return (on_day or on_weekday) if both else (on_day and on_weekday)


def _values(field, low, high):
    return {value for part in field.split(",") for value in _part(part, low, high)}


def _part(part, low, high):
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    if span == "*":
        first, last = low, high
    else:
        first = _value(first)
        last = _value(last) if dash else (high if step else first)
    return range(first, last + 1, int(step or 1))


def _value(text):
    return NAMES[text] if text in NAMES else int(text)


def random_field(rng, low, high, *, stars):
    """A cron field of any shape: `*`, `*/5`, `3-9/2`, `1,4-6`."""
    shape = rng.random()
    if shape < stars:
        return "*"
    if shape < stars + 0.12:
        return f"*/{rng.randint(2, max(2, (high - low) // 2))}"
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        first = rng.randint(low, high)
        last = rng.randint(first, high)
        parts.append(rng.choice([f"{first}", f"{first}-{last}", f"{first}-{last}/{rng.randint(1, 7)}"]))
    return ",".join(parts)


def random_cron(rng, *, seconds=False):
    fields = [
        random_field(rng, 0, 59, stars=0.2),
        random_field(rng, 0, 23, stars=0.35),
        random_field(rng, 1, 31, stars=0.7),
        random_field(rng, 1, 12, stars=0.8),
        random_field(rng, 0, 6, stars=0.7),
    ]
    return " ".join([*fields, random_field(rng, 0, 59, stars=0.2)] if seconds else fields)


def at(text):
    """An instant, from ISO text with an offset."""
    return datetime.fromisoformat(text).astimezone(timezone.utc)


# Days on which wall clocks are not simple, each with the zone where that happens.
ODD_DAYS = [
    ("Europe/Berlin", "2026-03-29T00:00:00+00:00"),  # 02:00 -> 03:00
    ("Europe/Berlin", "2026-10-25T00:00:00+00:00"),  # 03:00 -> 02:00
    ("America/New_York", "2026-03-08T06:00:00+00:00"),
    ("America/New_York", "2026-11-01T05:00:00+00:00"),
    ("Europe/Dublin", "2026-10-25T00:00:00+00:00"),  # winter is the exception there
    ("Australia/Lord_Howe", "2026-04-04T14:00:00+00:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03T15:00:00+00:00"),
    ("America/Sao_Paulo", "2018-11-04T02:00:00+00:00"),  # midnight does not exist
    ("America/Havana", "2026-11-01T04:00:00+00:00"),  # 01:00 -> midnight
    ("Pacific/Apia", "2011-12-30T09:00:00+00:00"),  # a whole day is left out
    ("Africa/Casablanca", "2026-02-15T02:00:00+00:00"),
    ("Asia/Kathmandu", "2026-06-01T00:00:00+00:00"),  # no changes, odd offset
    ("UTC", "2028-02-29T00:00:00+00:00"),
    ("UTC", "2026-02-28T20:00:00+00:00"),
    ("UTC", "2026-12-31T23:30:00+00:00"),
    ("America/Los_Angeles", "2028-02-29T08:00:00+00:00"),
]
