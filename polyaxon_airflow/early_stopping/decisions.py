"""What early stopping has decided, with the reason for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Decision:
    scope: Literal["nothing", "trials", "succeeded", "failed"] = "nothing"
    """Who is to stop: nobody, the trials of `trials`, or the whole sweep as succeeded or as failed."""

    reason: str = ""  # why the sweep stops
    trials: Mapping[int, str] = field(default_factory=dict)  # index -> why this trial stops


NOTHING = Decision()


def joined(decisions: Iterable[Decision]) -> Decision:
    """All that was decided: a goal that was reached weighs more than failures, the sweep more than its trials."""
    found = {"nothing": NOTHING}
    trials: dict[int, str] = {}
    for decision in decisions:
        found.setdefault(decision.scope, decision)
        trials = {**decision.trials, **trials}
    if "succeeded" in found or "failed" in found:
        return found.get("succeeded") or found["failed"]
    return Decision("trials", trials=trials) if trials else NOTHING
