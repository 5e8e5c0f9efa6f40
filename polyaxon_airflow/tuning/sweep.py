"""A sweep as the store knows it: what its trials were told, and what they have shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.matrix import NothingToAsk, Trial
from polyaxon_airflow.store import ParamsTakenError
from polyaxon_airflow.tuning.objective import Objective, objective_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.early_stopping import State
    from polyaxon_airflow.matrix import Matrix
    from polyaxon_airflow.store import Run, RunStore, Suggestion

ENDED: dict[str, State] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "stopped": "stopped",
    "skipped": "skipped",
    "upstream_failed": "skipped",
}
CONTINUES = "continues"  # in the meta of a suggestion: the trial whose artifacts this one begins with
TRIES = 16  # asks again when another trial took the same params of a finite space in the meantime


class NoRoom(Exception):  # noqa: N818
    """As many trials as the sweep may have at once have not ended; `before`: how many ask first, this one included."""

    def __init__(self, limit: int, before: int) -> None:
        super().__init__(f"{limit} trials at once")
        self.limit, self.before = limit, before


@dataclass(frozen=True)
class Row:
    """A trial in the leaderboard."""

    index: int
    params: Mapping[str, Any]
    value: float | None
    state: str
    reason: str  # why it was stopped, skipped or failed; "" if there is nothing to say
    duration: float | None  # seconds
    uuid: str


@dataclass(frozen=True)
class Sweep:
    """One sweep. `compiled` has a matrix without templates."""

    uuid: str
    compiled: CompiledOperation
    store: RunStore

    @cached_property
    def matrix(self) -> Matrix:
        """With a seed: the file's, or one that the sweep's uuid gives, the same for all of its trials."""
        assert self.compiled.matrix is not None  # noqa: S101 - it is a sweep
        return self.compiled.matrix.with_seed(int(self.uuid[:7], 16))

    @cached_property
    def objective(self) -> Objective | None:
        """What the sweep is about; None if no metric is named anywhere in the file."""
        return objective_of(self.compiled)

    def ask(
        self,
        index: int,
        *,
        at: datetime,
        given_up: Callable[[Collection[int]], Collection[int]] = lambda _: (),
    ) -> Suggestion:
        """The params of a trial: what it was told before, else an answer that is kept for good.

        `given_up`: which of some trials, by index, nobody will end. Raises NothingToAsk, saying why there are no
        params, and NoRoom where the trial has to learn from others first.
        """
        told = self.store.sweeps.suggestion(self.uuid, index)
        if told is not None:
            return told
        distinct = not self.matrix.repeats
        for _ in range(TRIES):
            history = self.history() if self.matrix.learns else []
            self._pass(index, history, given_up)
            params = self.matrix.ask(index, history)
            try:
                meta = {"kind": self.matrix.kind, CONTINUES: self.matrix.continues(index, history)}
                return self.store.sweeps.claim(self.uuid, index, params, meta, at=at, distinct=distinct)
            except ParamsTakenError:
                continue
        raise NothingToAsk(f"trial {index} found no params that no other trial has, after {TRIES} tries")

    def _pass(
        self, index: int, history: list[Trial], given_up: Callable[[Collection[int]], Collection[int]]
    ) -> None:
        """A trial that waits for another attempt keeps its place and its turn: Airflow would give both to the next."""
        limit = getattr(self.matrix, "concurrency", None)
        if not self.matrix.learns or self.matrix.repeats or not isinstance(limit, int):
            return
        told = {trial.index for trial in history}
        first = {trial.index for trial in history if trial.state == "running"} - {index}
        if limit == 1:
            first |= set(range(index)) - told
        if len(first) >= limit and len(first - set(given_up(first))) >= limit:
            raise NoRoom(limit, max(1, index - max(told, default=-1)))

    def continued_run(self, told: Suggestion) -> str | None:
        """The uuid of the run whose artifacts a trial begins with that was told these params."""
        before = told.meta.get(CONTINUES)
        return self._latest_runs()[before].uuid if before is not None else None

    def has_begun(self) -> bool:
        """Whether any trial has."""
        return bool(self.store.runs.trial_statuses(self.uuid))

    def history(self) -> list[Trial]:
        """What all trials that have been told their params have shown, by index."""
        runs = self._latest_runs()
        values = self._values(runs)
        return [
            Trial(told.index, told.params, values.get(told.index), _state(runs.get(told.index)))
            for told in self.store.sweeps.suggestions(self.uuid)
        ]

    def leaderboard(self) -> list[Row]:
        """All trials that have begun, the best first, then those without a value, by index."""
        told = {
            suggestion.index: suggestion.params for suggestion in self.store.sweeps.suggestions(self.uuid)
        }
        runs = self._latest_runs()
        values = self._values(runs)
        rows = [
            Row(
                index=index,
                params=told.get(index, {}),
                value=values.get(index),
                state=run.status,
                reason=run.reason or self._missing(run, values.get(index)),
                duration=run.duration,
                uuid=run.uuid,
            )
            for index, run in runs.items()
        ]
        key = self.objective.key if self.objective else (lambda _: 0.0)
        return sorted(
            rows, key=lambda row: (row.state not in ("succeeded", "stopped"), key(row.value), row.index)
        )

    def _latest_runs(self) -> dict[int, Run]:
        """Trial index -> its run; after a clear, the newest."""
        runs = sorted(self.store.runs.children(self.uuid), key=lambda run: run.created_at)
        return {run.trial_index: run for run in runs if run.trial_index is not None}

    def _values(self, runs: Mapping[int, Run]) -> dict[int, float]:
        """Trial index -> value: the last that it reported, of a stopped trial the best."""
        if self.objective is None:
            return {}
        values = {index: value for index, run in runs.items() if (value := self._last(run)) is not None}
        if any(run.status == "stopped" for run in runs.values()):
            curves = self.store.metrics.curves(self.uuid, self.objective.metric)
            by_run = {
                curve.run: [value for value in curve.values if math.isfinite(value)] for curve in curves
            }
            best = max if self.objective.maximize else min
            stopped = {index: by_run.get(run.uuid) for index, run in runs.items() if run.status == "stopped"}
            values |= {index: best(found) for index, found in stopped.items() if found}
        return values

    def _last(self, run: Run) -> float | None:
        value = run.outputs.get(self.objective.metric) if self.objective else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def _missing(self, run: Run, value: float | None) -> str:
        """Why a trial that has succeeded has no value."""
        if run.status != "succeeded" or self.objective is None or value is not None:
            return ""
        if self.objective.metric in run.outputs:
            return f"its last '{self.objective.metric}' is not a finite number"
        return f"never reported '{self.objective.metric}'"


def _state(run: Run | None) -> State:
    return "suggested" if run is None else ENDED.get(run.status, "running")
