"""What a trial does besides running: ask for its params, and end when the sweep need not go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from polyaxon_airflow.tuning.sweep import Sweep


@dataclass(frozen=True)
class TrialStep:
    """One trial of a sweep."""

    sweep: Sweep
    index: int
    uuid: str  # of the trial's run
    clock: Callable[[], datetime]

    def params(self) -> Mapping[str, Any]:
        """Raises NothingToAsk, saying why there are none."""
        return self.sweep.ask(self.index, at=self.clock())

    def label(self) -> str:
        """How the grid names this trial: by its params, once it has been told."""
        told = self.sweep.store.sweeps.suggestion(self.sweep.uuid, self.index)
        return label_of(told.params) if told is not None else f"trial {self.index}"

    def why_end(self) -> str | None:
        """Why this trial must not start, or must not go on."""
        decision = self.sweep.store.sweeps.decision(self.sweep.uuid, self.uuid)
        return None if decision is None else decision.reason


def label_of(params: Mapping[str, Any]) -> str:
    """Params as the grid shows them: `lr=0.01, depth=3`."""
    return ", ".join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
