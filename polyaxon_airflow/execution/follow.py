"""`follow`: what a run prints and reports, while it goes on, to the log and to the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyaxon_airflow.runners.base import MAIN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyaxon_airflow.runners.base import Handle, Line, Outcome, Runner
    from polyaxon_airflow.tracking import Batch, Tracker

REPORT_EVERY = 0.25  # seconds between looks at what training code wrote
ASK_EVERY = 0.5  # seconds between looks at what other trials have shown
BEAT_EVERY = 10.0  # seconds between signs of life in the store


@dataclass
class Follower:
    """Follows one run.

    `report` takes what is new of its metrics; `judge` says why the run must stop, None while it need not, and is
    asked after each report of this run and every `ASK_EVERY` seconds; `interrupted` says why the task itself must
    end; `beat` is called while the run goes on.
    """

    tracker: Tracker
    log: Callable[[Line], None]
    report: Callable[[Batch], None]
    judge: Callable[[], str | None]
    interrupted: Callable[[], str | None]
    beat: Callable[[], None]
    clock: Callable[[], float]  # Unix seconds
    _reported_at: float = 0.0
    _asked_at: float = 0.0
    _beat_at: float = 0.0

    def follow(self, runner: Runner, handle: Handle) -> Outcome:
        """Block until the run has ended; its last metrics are reported then."""
        outcome = runner.follow(
            handle, on_lines=self._on_lines, should_stop=self._should_stop, interval=REPORT_EVERY
        )
        self._take(self.tracker.finish(self.clock()))
        return outcome

    def _on_lines(self, lines: Sequence[Line]) -> None:
        now = self.clock()
        for line in lines:
            self.log(line)
            if line.container == MAIN_CONTAINER:
                self.tracker.line(line.text, at=now)

    def _should_stop(self) -> str | None:
        now = self.clock()
        if now - self._beat_at >= BEAT_EVERY:
            self._beat_at = now
            self.beat()
        if now - self._reported_at >= REPORT_EVERY:
            self._reported_at = now
            if self._take(self.tracker.poll(now)):
                self._asked_at = 0.0
        if (reason := self.interrupted()) is not None:
            return reason
        if now - self._asked_at < ASK_EVERY:
            return None
        self._asked_at = now
        return self.judge()

    def _take(self, batch: Batch) -> bool:
        if batch.points or batch.restarted or batch.problems:
            self.report(batch)
        return bool(batch.points)
