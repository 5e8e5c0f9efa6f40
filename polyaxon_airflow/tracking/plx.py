"""traceml's metric files: `step|timestamp|metric`, then a row a value.

Each row is preceded by a newline, not followed by one (spec section 5.4), so the last row of a file is
indistinguishable from a torn one. It counts when the file has not grown for a while, and again if it then does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.points import Point
from polyaxon_airflow.tracking.lines import Lines
from polyaxon_airflow.tracking.numbers import read_step, read_time, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable


_HEADER = "step|timestamp|metric"


class PlxReader:
    """Reads one metric's file as it grows. A row without a step has its number in the file as step, from 1.

    `problems` says of the first line that is no row what it is.
    """

    def __init__(self, name: str) -> None:
        self.problems: list[str] = []
        self._name = name
        self._faults = 0
        self._lines = Lines()
        self._rows = 0
        self._settled = ""

    def feed(self, appended: bytes, at: float) -> list[Point]:
        """The points of the rows that are complete now. `at`, Unix seconds, is the time of rows that have none."""
        return list(self._points(self._lines.feed(appended), at))

    def settle(self, at: float) -> list[Point]:
        """The point of the last row, taken as it stands, unless it was given before."""
        last = self._lines.last
        if last == self._settled:
            return []
        self._settled = last
        point = self._point(last, self._rows + 1, at)
        return [] if point is None else [point]

    def _points(self, lines: Iterable[str], at: float) -> Iterable[Point]:
        for line in lines:
            point = self._point(line, self._rows + 1, at)
            if point is None:
                self._complain(line)
            else:
                self._rows += 1
                if line != self._settled:
                    yield point
            self._settled = ""

    def _complain(self, line: str) -> None:
        if line != _HEADER and not self._faults:
            self.problems.append(f"{line[:80]!r} is not step|timestamp|value")
        self._faults += line != _HEADER

    def _point(self, line: str, row: int, at: float) -> Point | None:
        """None of what is no row, as the header."""
        cells = line.split("|", 2)
        value = read_value(cells[-1]) if len(cells) == 3 else None
        step = row if not cells[0] else read_step(cells[0])
        if value is None or step is None:
            return None
        time = read_time(cells[1])
        return Point(self._name, step, value, at if time is None else time)
