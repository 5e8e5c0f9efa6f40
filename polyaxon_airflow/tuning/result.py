"""How a sweep ended, once all of its trials have."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyaxon_airflow.tuning.sweep import Row, Sweep


class Result(NamedTuple):
    """What the sweep's last task reports."""

    status: Literal["succeeded", "failed"]
    reason: str
    outputs: dict[str, Any]
    table: str


def result_of(sweep: Sweep) -> Result:
    """A sweep fails if its early stopping says so, or if no trial has succeeded; single failed trials are outcomes."""
    rows = sweep.leaderboard()
    decision = sweep.store.sweeps.decision(sweep.uuid)
    shown = [row for row in rows if row.state in ("succeeded", "stopped")]
    outputs = {
        "best": _best(shown[0]) if shown else None,
        "metric": sweep.objective.metric if sweep.objective else None,
        "trials": [asdict(row) for row in rows],
    }
    text = leaderboard_table(rows, sweep.objective.metric if sweep.objective else "value")
    if decision is not None and decision.status == "failed":
        return Result("failed", decision.reason, outputs, text)
    if not shown:
        return Result("failed", _why_nothing(rows), outputs, text)
    return Result("succeeded", decision.reason if decision is not None else "", outputs, text)


def leaderboard_table(rows: Sequence[Row], metric: str) -> str:
    """The leaderboard for a terminal or a log."""
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    head = ["", "trial", *names, metric, "state", "seconds", "reason"]
    cells = [
        [
            place,
            row.index,
            *(row.params.get(n) for n in names),
            row.value,
            row.state,
            _seconds(row),
            row.reason,
        ]
        for place, row in enumerate(rows, 1)
    ]
    return table(head, cells)


def _best(row: Row) -> dict[str, Any]:
    return {"index": row.index, "params": dict(row.params), "value": row.value, "uuid": row.uuid}


def _why_nothing(rows: Sequence[Row]) -> str:
    if not rows:
        return "no trial has begun"
    reasons = [row.reason for row in rows if row.reason]
    first = f"; the first: {reasons[0]}" if reasons else ""
    return f"none of {len(rows)} trials has succeeded{first}"


def _seconds(row: Row) -> float | None:
    return None if row.duration is None else round(row.duration, 1)
