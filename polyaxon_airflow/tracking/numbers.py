"""Numbers as training code writes them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

_LAST_STEP = 2**63 - 1


def read_value(value: Any) -> float | None:
    """The value of a metric; None if it is no number. Texts count if they are one: "0.5", "nan", "-inf"."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:  # an int above all floats
        return float("inf") if value > 0 else float("-inf")  # type: ignore[operator]  # only an int overflows


def read_step(value: Any) -> int | None:
    """A step: a whole number of 64 bits, also written as 3.0 or "3"; None if it is none."""
    number = read_value(value)
    if number is None or not number.is_integer() or abs(number) > _LAST_STEP:
        return None
    return int(value) if isinstance(value, int) else int(number)


def read_time(value: Any) -> float | None:
    """Unix seconds of a time: a number of seconds or milliseconds, or an ISO date; None if it is none."""
    number = read_value(value)
    if number is not None:
        seconds = number / 1000 if abs(number) > 1e11 else number  # 1e11 seconds are the year 5138
        return seconds if abs(seconds) < 1e11 else None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
