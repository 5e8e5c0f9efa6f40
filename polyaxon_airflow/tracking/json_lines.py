"""POLYAXON_METRICS_FILE: a JSON object a line, a number a metric: {"step": 3, "loss": 0.5, "acc": 0.8}."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.points import Point
from polyaxon_airflow.tracking.lines import Lines
from polyaxon_airflow.tracking.names import metric_name
from polyaxon_airflow.tracking.numbers import read_step, read_time, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STEPS = ("step", "global_step", "epoch")  # the first that is there is the step
_TIMES = ("timestamp", "ts")


class JsonLinesReader:
    """Reads a file of reports as it grows. A report without a step is the n-th of each of its names.

    `problems` says of the first line that is no report what is wrong with it.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._lines = Lines()
        self._number = 0
        self._faults = 0
        self._reports: Counter[str] = Counter()
        self._settled = ""

    def feed(self, appended: bytes, at: float) -> list[Point]:
        """The points of the reports that are complete now. `at`, Unix seconds, is the time of those that have none."""
        points = [point for line in self._lines.feed(appended) for point in self._line(line, at)]
        last = self._lines.last
        if last.endswith("}"):  # complete, with its newline still to come
            points += self._last(last, at)
        return points

    def settle(self, at: float) -> list[Point]:
        """The points of the last line, if it is a report after all."""
        return self._last(self._lines.last, at)

    def _last(self, line: str, at: float) -> list[Point]:
        report = _report(line)
        if line == self._settled or report is None:
            return []
        self._settled = line
        return list(self._points(report, at))

    def _line(self, line: str, at: float) -> Iterable[Point]:
        self._number += 1
        settled, self._settled = self._settled, ""
        if line == settled:
            return []
        report = _report(line)
        if report is not None:
            return self._points(report, at)
        self._faults += 1
        if self._faults == 1:
            self.problems.append(f"line {self._number} is not a JSON object: {line[:80]!r}")
        return []

    def _points(self, report: Mapping[str, Any], at: float) -> Iterable[Point]:
        key = next((name for name in _STEPS if read_step(report.get(name)) is not None), None)
        step = None if key is None else read_step(report[key])
        times = (read_time(report.get(name)) for name in _TIMES)
        time = next((found for found in times if found is not None), at)
        for raw, written in report.items():
            value, name = read_value(written), metric_name(raw)
            if value is None or not name or raw == key or raw in _TIMES:
                continue
            self._reports[name] += 1
            yield Point(name, self._reports[name] if step is None else step, value, time)


def _report(line: str) -> dict[str, Any] | None:
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None
