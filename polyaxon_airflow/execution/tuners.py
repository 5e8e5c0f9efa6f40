"""One round of an iterative sweep: the user's tuner gets what trials have shown, and suggests the next ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.sweeps import sweep_of
from polyaxon_airflow.execution.task import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from polyaxon_airflow.execution.execution import Started
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.matrix.iterative import Iterative
    from polyaxon_airflow.tuning.sweep import Sweep

ITERATION = "iteration"  # in the meta of a suggestion: the round that it is of


@dataclass(frozen=True)
class Round:
    """One round. It is taken once: whoever comes again finds the suggestions of the first time."""

    sweep: Sweep
    iteration: int  # from 0

    def why_not_start(self) -> str | None:
        """The sweep has ended: as early stopping has decided, or because the round before suggested nothing."""
        decision = self.sweep.store.sweeps.decision(self.sweep.uuid)
        if decision is not None:
            return decision.reason
        if self.iteration and not self.indexes(self.iteration - 1):
            return f"the tuner suggested nothing in round {self.iteration - 1}: the sweep has ended"
        return None

    def params(self) -> Mapping[str, Any]:
        """`matrix`, `iteration`, `configs`, `metrics` and `trials`; and all of them as one mapping, `history`."""
        request = self._matrix.request(self.iteration, self.sweep.history())
        return {**request, "history": request}

    def take(self, answer: object, *, at: datetime) -> list[int]:
        """Keep a tuner's answer; the indexes of its trials. Raises CompilationError for what is no list of params."""
        trials = self._matrix.suggested(answer, self.sweep.history())
        meta = {"kind": "iterative", ITERATION: self.iteration}
        return self.sweep.store.sweeps.enqueue(
            self.sweep.uuid, [trial.params for trial in trials], meta, at=at
        )

    def indexes(self, iteration: int) -> list[int]:
        """The trials that a round has suggested."""
        told = self.sweep.store.sweeps.suggestions(self.sweep.uuid)
        return [suggestion.index for suggestion in told if suggestion.meta.get(ITERATION) == iteration]

    @property
    def _matrix(self) -> Iterative:
        return cast("Iterative", self.sweep.matrix)


def round_of(task: Task, around: Surroundings) -> Round:
    """The round that a task is. Raises CompilationError if the sweep's matrix cannot be read."""
    details = task.node.details
    sweep = sweep_of(replace(task, node=replace(task.node, operation=details["of"])), around)
    return Round(sweep, details[ITERATION])


def start_round(task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
    """Start the tuner of a round. Raises CompilationError if the sweep's matrix cannot be read."""
    taken = round_of(task, around)
    execution = Execution(replace(task, pipeline=taken.sweep.uuid), around)
    if taken.indexes(taken.iteration):  # an earlier attempt got so far
        return execution, Ended("succeeded", execution.uuid)
    return execution, execution.start(taken)


def end_round(taken: Round, ended: Ended, around: Surroundings) -> list[int]:
    """The indexes of the trials of a round whose tuner has succeeded. Raises CompilationError for a wrong answer."""
    known = taken.indexes(taken.iteration)
    return known or taken.take(ended.outputs.get("suggestions"), at=around.clock())
