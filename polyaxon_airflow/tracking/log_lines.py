"""Metrics in the log: `epoch=3 loss=0.51 val/acc: 0.8`, for the names that were asked for.

Katib's convention, with what its pattern lacks: exponents, signs, nan and inf.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from polyaxon_airflow.points import Point
from polyaxon_airflow.tracking.names import metric_name
from polyaxon_airflow.tracking.numbers import read_step

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAIR = re.compile(
    r"(?<![\w./|-])([A-Za-z_][\w./|-]*)\s*[=:]\s*"
    r"([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf(?:inity)?))"
    r"(?!\w|[.,]\d)",  # no part of a version, of 1,000 or of a word
    re.IGNORECASE,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST = 4096  # characters of a line that are looked at


class LogReader:
    """Finds the metrics of a log. The n-th line of a name is its step n, unless `step=` or `epoch=` is on the line."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(map(metric_name, names)) - {""}
        self._lines: Counter[str] = Counter()

    def line(self, line: str, at: float) -> list[Point]:
        """The points on one line, with `at`, Unix seconds, as their time."""
        if not self._names or ("=" not in line and ":" not in line):
            return []
        pairs = _PAIR.findall(_shown(line))
        values = {name: float(value) for raw, value in pairs if (name := metric_name(raw)) in self._names}
        if not values:
            return []
        self._lines.update(values.keys())
        step = _step(pairs)
        return [
            Point(name, self._lines[name] if step is None else step, value, at)
            for name, value in values.items()
        ]


def _shown(line: str) -> str:
    """What a terminal would show: without colours, and of what a progress bar draws over itself, the last."""
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return (_COLOURS.sub("", line) if "\x1b" in line else line)[:_LONGEST]


def _step(pairs: Iterable[tuple[str, str]]) -> int | None:
    told = {name.lower(): value for name, value in pairs}
    steps = (read_step(told.get(name)) for name in ("step", "epoch"))
    return next((step for step in steps if step is not None), None)
