"""The metrics of one run while it runs: its log, its event files and its metrics file, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from polyaxon_airflow.tracking.json_lines import JsonLinesReader
from polyaxon_airflow.tracking.log_lines import LogReader
from polyaxon_airflow.tracking.plx import PlxReader
from polyaxon_airflow.tracking.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from polyaxon_airflow.points import Point

# Of the places that report a metric, the first counts and the others do not: they may number the steps differently.
_METRICS_FILE: Final = 0
_OWN_EVENTS: Final = 1
_OTHER_EVENTS: Final = 2  # of code that names its run itself: traceml then makes up a uuid (spec section 5.6)
_LOG: Final = 3


@dataclass(frozen=True)
class Batch:
    """What is new. `restarted` names the metrics whose earlier points are void: a better place reports them now."""

    points: tuple[Point, ...] = ()
    restarted: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()  # sentences for the task's log, each once


class Tracker:
    """Feed it the lines of the log, poll it, store what it gives; finish it when the run has ended.

        tracker = Tracker(names=["loss"], runs=folder / "runs", uuid=uuid, metrics_file=folder / "metrics.jsonl")
        tracker.line("epoch=1 loss=0.7", at=now)
        batch = tracker.poll(now)

    `names` are the metrics that the log is searched for; files tell their own. `runs` is the folder `runs` under
    POLYAXON_OFFLINE_ROOT, `uuid` that of the run. Times are Unix seconds.
    """

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        runs: Path | None = None,
        uuid: str | None = None,
        metrics_file: Path | None = None,
    ) -> None:
        self._log = LogReader(names)
        self._runs = runs
        self._uuid = uuid
        self._files: dict[Path, _File] = {}
        if metrics_file is not None:
            self._files[metrics_file] = _File(metrics_file, _METRICS_FILE)
        self._pending = _Merge({})

    def skip_existing(self) -> None:
        """Leave out what the files hold already: it is of an earlier try."""
        self._discover()
        for file in self._files.values():
            file.tail.skip()

    def line(self, line: str, *, at: float) -> None:
        """Take a line of the log."""
        points = self._log.line(line, at)
        if points:
            self._pending.add(points, _LOG)

    def poll(self, at: float) -> Batch:
        """What came since the last poll."""
        self._discover()
        for file in self._files.values():
            self._pending.add(file.read(at), file.rank)
        return self._taken()

    def finish(self, at: float) -> Batch:
        """What is left when nothing more will come: last lines count as they stand."""
        self._discover()
        for file in self._files.values():
            self._pending.add(file.finish(at), file.rank)
        return self._taken()

    def _discover(self) -> None:
        for path, own in _event_files(self._runs, self._uuid):
            if path not in self._files:
                self._files[path] = _File(path, _OWN_EVENTS if own else _OTHER_EVENTS)

    def _taken(self) -> Batch:
        merged, self._pending = self._pending, _Merge(self._pending.ranks)
        problems = tuple(problem for file in self._files.values() for problem in file.problems())
        return Batch(tuple(merged.points), frozenset(merged.restarted), problems)


class _Merge:
    """Points of one poll, of each metric only those of the best place that has reported it."""

    def __init__(self, ranks: dict[str, int]) -> None:
        self.ranks = ranks
        self.points: list[Point] = []
        self.restarted: set[str] = set()

    def add(self, points: Iterable[Point], rank: int) -> None:
        for point in points:
            best = self.ranks.get(point.name)
            if best is None or rank < best:
                self._prefer(point.name, rank, new=best is None)
            if self.ranks[point.name] == rank:
                self.points.append(point)

    def _prefer(self, name: str, rank: int, *, new: bool) -> None:
        self.ranks[name] = rank
        if not new:
            self.points = [point for point in self.points if point.name != name]
            self.restarted.add(name)


class _File:
    """A file that grows, with the reader that understands it."""

    def __init__(self, path: Path, rank: int) -> None:
        self.path = path
        self.rank = rank
        self.tail = Tail(path)
        self._reader = _reader(path)

    def read(self, at: float) -> list[Point]:
        """The points of what was appended since; if nothing was, that of a last line without its newline."""
        growth = self._next()
        return self._reader.feed(growth, at) if growth else self._reader.settle(at)

    def finish(self, at: float) -> list[Point]:
        points: list[Point] = []
        while growth := self._next():
            points += self._reader.feed(growth, at)
        return [*points, *self._reader.settle(at)]

    def problems(self) -> list[str]:
        """What could not be read, each time only what is new."""
        found, self._reader.problems = self._reader.problems, []
        return [f"{self.path.name}: {problem}" for problem in found]

    def _next(self) -> bytes:
        growth = self.tail.read()
        if growth.again:
            self._reader = _reader(self.path)
        return growth.appended


def _reader(path: Path) -> PlxReader | JsonLinesReader:
    return PlxReader(path.stem) if path.suffix == ".plx" else JsonLinesReader()


def _event_files(runs: Path | None, uuid: str | None) -> Iterator[tuple[Path, bool]]:
    """The metric files of all runs in a folder, each with whether it is of the run that was started."""
    for run in _listed(runs):
        for path in _listed(run / "events" / "metric"):
            if path.suffix == ".plx":
                yield path, uuid is None or run.name == uuid


def _listed(folder: Path | None) -> list[Path]:
    try:
        return [] if folder is None else sorted(folder.iterdir())
    except OSError:  # not there yet
        return []
