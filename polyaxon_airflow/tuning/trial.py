"""What a trial does besides running: ask for its params, and end when it or the sweep need not go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.tuning.stopping import Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from polyaxon_airflow.early_stopping import EarlyStopping
    from polyaxon_airflow.store import Suggestion
    from polyaxon_airflow.tuning.sweep import Sweep


@dataclass
class TrialStep:
    """One trial of a sweep. It stops itself, by what all trials have shown (design D4)."""

    sweep: Sweep
    index: int
    uuid: str  # of the trial's run
    clock: Callable[[], datetime]
    generation: int = 0  # how often it was cleared
    given_up: Callable[[Collection[int]], Collection[int]] = lambda _: ()  # see `Sweep.ask`
    _told: Suggestion | None = field(default=None, init=False)  # once it is known; it never changes

    def params(self) -> Mapping[str, Any]:
        """Raises NothingToAsk, saying why there are none, and NoRoom."""
        self._told = self.sweep.ask(self.index, at=self.clock(), given_up=self.given_up)
        return self._told.params

    def continues(self) -> str | None:
        """The uuid of the run whose artifacts this one begins with; to be asked after `params`."""
        return self.sweep.continued_run(self._told) if self._told is not None else None

    def label(self) -> str:
        """How the grid names this trial: by its params, once it has been told."""
        told = self._told or self.sweep.store.sweeps.suggestion(self.sweep.uuid, self.index)
        return label_of(told.params) if told is not None else f"trial {self.index}"

    def why_not_start(self) -> str | None:
        """Why this trial need not start: the sweep has ended.

        A trial that was cleared runs again whatever was decided before its clear.
        """
        sweeps = self.sweep.store.sweeps
        decision = sweeps.decision(self.sweep.uuid)
        if decision is not None and self._generation_of(decision.by) < self.generation:
            sweeps.withdraw(self.sweep.uuid)
            decision = None
        return None if decision is None else decision.reason

    def why_stop(self) -> str | None:
        """Why this trial must not go on, as of what all trials have reported by now."""
        return self._stopping.why_stop(self.uuid, self.index)

    def after_end(self) -> None:
        """This trial has ended, which may be one failure too many."""
        self._stopping.after_end(self.uuid)

    @cached_property
    def _stopping(self) -> Stopping:
        sweep = self.sweep
        return Stopping(
            sweep.uuid,
            policies_of(sweep),
            sweep.matrix.trials(),
            lambda: sweep.store.runs.trial_statuses(sweep.uuid),
            sweep.store,
            self.clock,
        )

    def _generation_of(self, uuid: str | None) -> int:
        run = self.sweep.store.runs.get(uuid) if uuid is not None else None
        return 0 if run is None else int(run.meta.get("generation", 0))


def policies_of(sweep: Sweep) -> list[EarlyStopping]:
    """`earlyStopping` of a sweep's matrix."""
    stopping = sweep.matrix.early_stopping
    return stopping if isinstance(stopping, list) else []


def label_of(params: Mapping[str, Any]) -> str:
    """Params as the grid shows them: `lr=0.01, depth=3`."""
    return ", ".join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
