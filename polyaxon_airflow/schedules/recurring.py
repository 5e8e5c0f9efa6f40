"""What the kinds `cron` and `interval` have in common."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING

from polyaxon_airflow.scalars import BoolOrTemplate, DatetimeOrTemplate, IntOrTemplate
from polyaxon_airflow.schedules import Schedule
from polyaxon_airflow.schedules.times import UTC, instant_of, moment_text

if TYPE_CHECKING:
    from datetime import tzinfo


class Recurring(Schedule):
    """What `cron` and `interval` share. `startAt` and `endAt` are inclusive; `maxRuns: 0` is no limit (spec 2.24)."""

    end_at: DatetimeOrTemplate | None = None
    max_runs: IntOrTemplate | None = None
    # The next run comes when this one is done, whatever its status.
    depends_on_past: BoolOrTemplate | None = None
    # An extension: false leaves out what was missed. Not given: `[polyaxon] catchup`.
    catchup: bool | None = None

    def is_used_up(self, runs: int) -> bool:
        return isinstance(self.max_runs, int) and 0 < self.max_runs <= runs

    def is_over(self, tick: datetime, zone: tzinfo) -> bool:
        end = self.end(zone)
        return end is not None and tick > end

    def end(self, zone: tzinfo) -> datetime | None:
        """`endAt` as an instant."""
        return instant_of(self.end_at, self.clock(zone)) if isinstance(self.end_at, datetime) else None

    def faults(self) -> dict[str, str]:
        faults = super().faults()
        if isinstance(self.max_runs, int) and self.max_runs < 0:
            faults["max_runs"] = f"maxRuns is 0 (no limit) or more, not {self.max_runs}"
        if not faults and self._ends_before_it_starts():
            faults["end_at"] = f"endAt {self.end_at} is before startAt {self.start_at}, so it would never run"
        return faults

    def summary(self, *, runs: int | None = None) -> str:
        return ", ".join(filter(None, [f"{self.pace()}{self._bounds()}", self._count(runs), self._order()]))

    @abstractmethod
    def pace(self) -> str:
        """How often, in words: `every 2 h`."""

    def _ends_before_it_starts(self) -> bool:
        begin, end = self.begin(UTC), self.end(UTC)
        return begin is not None and end is not None and end < begin

    def _bounds(self) -> str:
        clock = self.clock(UTC)
        bounds = {"from": self.begin(UTC), "until": self.end(UTC)}
        return "".join(f" {word} {moment_text(moment, clock)}" for word, moment in bounds.items() if moment)

    def _count(self, runs: int | None) -> str:
        if not self.max_runs:
            return ""
        return f"at most {self.max_runs} runs" if runs is None else f"{runs} of {self.max_runs} runs"

    def _order(self) -> str:
        return "one at a time" if self.depends_on_past else ""
