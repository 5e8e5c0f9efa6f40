"""`follow`: what a run prints and reports, while it goes on, to the log and to the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyaxon_airflow.runners.base import MAIN_CONTAINER
from polyaxon_airflow.runtimes.helpers import RELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyaxon_airflow.runners.base import Handle, Line, Outcome, Runner
    from polyaxon_airflow.tracking import Batch, Tracker
    from polyaxon_airflow.tracking.relay import Mirror

REPORT_EVERY = 0.25  # seconds between looks at what training code wrote, where nobody says otherwise
ASK_EVERY = 0.5  # seconds between looks at what other trials have shown
BEAT_EVERY = 10.0  # seconds between signs of life in the store


@dataclass
class Follower:
    """Follows one run: `follow` does it all, the other methods are for who has an event loop of its own.

    `report` takes what is new of its metrics; `judge` says why the run must stop, None while it need not, and is
    asked after each report of this run and every `ASK_EVERY` seconds; `interrupted` says why the task itself must
    end; `beat` is told from time to time how many lines each container has printed; `printed` says how many of them
    were logged by an earlier follower of the same attempt; at `deadline`, Unix seconds, it has failed.
    """

    tracker: Tracker
    mirror: Mirror
    log: Callable[[Line], None]
    report: Callable[[Batch], None]
    judge: Callable[[], str | None]
    interrupted: Callable[[], str | None]
    beat: Callable[[Mapping[str, int]], None]
    clock: Callable[[], float]  # Unix seconds
    deadline: float | None = None
    printed: Mapping[str, int] = field(default_factory=dict)
    report_every: float = REPORT_EVERY  # seconds between two looks at what training code wrote
    _heard: Counter[str] = field(default_factory=Counter)
    _reported_at: float = 0.0
    _asked_at: float = 0.0
    _beat_at: float = 0.0

    def __post_init__(self) -> None:
        self._beat_at = self.clock()  # who has just found the run alive need not say so

    def follow(self, runner: Runner, handle: Handle) -> Outcome:
        """Block until the run has ended; its last metrics are reported then."""
        outcome = runner.follow(
            handle, on_lines=self.on_lines, should_stop=self.should_stop, interval=REPORT_EVERY
        )
        return self.ended(outcome)

    def ended(self, outcome: Outcome) -> Outcome:
        """Take in the run's last metrics; its outcome, which is a failure if it was stopped at its deadline."""
        self._take(self.tracker.finish(self.clock()))
        late = outcome.status == "stopped" and outcome.reason == self._overdue
        return outcome._replace(status="failed") if late else outcome

    def on_lines(self, lines: Sequence[Line]) -> None:
        """Lines as the runner hands them over."""
        now = self.clock()
        for line in lines:
            if line.container == RELAY:
                self.mirror.take(line.text)
                continue
            self._heard[line.container] += 1
            if self._heard[line.container] > self.printed.get(line.container, 0):
                self.log(line)
            if line.container == MAIN_CONTAINER:
                self.tracker.line(line.text, at=now)

    def should_stop(self) -> str | None:
        """Why the run must stop now; to be asked again and again."""
        now = self.clock()
        if now - self._beat_at >= BEAT_EVERY:
            self._beat_at = now
            self.beat(self._heard)
        if now - self._reported_at >= self.report_every:
            self._reported_at = now
            if self._take(self.tracker.poll(now)):
                self._asked_at = 0.0
        if (reason := self.interrupted()) is not None:
            return reason
        if self.deadline is not None and now > self.deadline:
            return self._overdue
        if now - self._asked_at < ASK_EVERY:
            return None
        self._asked_at = now
        return self.judge()

    @property
    def _overdue(self) -> str:
        return "it ran longer than termination.timeout lets it"

    def _take(self, batch: Batch) -> bool:
        if batch.points or batch.restarted or batch.problems:
            self.report(batch)
        return bool(batch.points)
