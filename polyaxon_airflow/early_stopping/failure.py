"""`kind: failure_early_stopping`: too many failed trials fail the sweep."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from polyaxon_airflow.early_stopping import Curve, Decision, EarlyStopping, number
from polyaxon_airflow.early_stopping.decisions import NOTHING
from polyaxon_airflow.scalars import FloatOrTemplate

_ENDED = frozenset({"succeeded", "stopped", "failed"})
_AT_LEAST = 3  # trials that ended, so that a first one that fails does not fail a sweep of 50


class FailureEarlyStopping(EarlyStopping):
    """`{kind: failure_early_stopping, percent: 50}`: of all trials of the sweep, as far as they are known."""

    kind: Literal["failure_early_stopping"]
    percent: FloatOrTemplate  # 1 to 99; 0 and less mean nothing, as in Polyaxon's server

    def decide(self, curves: Sequence[Curve], planned: int | None, only: Collection[int] | None) -> Decision:  # noqa: ARG002
        percent = number(self.percent, 0.0)
        states = {curve.index: curve.state for curve in curves}
        failed = sum(state == "failed" for state in states.values())
        ended = sum(state in _ENDED for state in states.values())
        trials = max(planned or 0, len(states))
        if (
            percent <= 0
            or not failed
            or ended < min(_AT_LEAST, planned or _AT_LEAST)
            or 100 * failed < percent * trials
        ):
            return NOTHING
        return Decision("failed", f"{failed} of {trials} trials failed, {percent:g}% are too many")
