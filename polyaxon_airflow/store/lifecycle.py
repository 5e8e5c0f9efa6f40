"""Statuses of a run and the moves between them (spec section 3.10)."""

from __future__ import annotations

from typing import Final, Literal

Status = Literal[
    "created",
    "on_schedule",
    "resuming",
    "compiled",
    "queued",
    "scheduled",
    "starting",
    "running",
    "processing",
    "warning",
    "unschedulable",
    "unknown",
    "retrying",
    "stopping",
    "succeeded",
    "failed",
    "upstream_failed",
    "stopped",
    "skipped",
]

PENDING: Final[frozenset[Status]] = frozenset(
    {"created", "on_schedule", "resuming", "retrying", "compiled", "queued"},
)
RUNNING: Final[frozenset[Status]] = frozenset({"scheduled", "starting", "running", "processing"})
WARNING: Final[frozenset[Status]] = frozenset({"warning", "unschedulable", "unknown"})
DONE: Final[frozenset[Status]] = frozenset({"succeeded", "failed", "upstream_failed", "stopped", "skipped"})
STATUSES: Final[frozenset[Status]] = PENDING | RUNNING | WARNING | DONE | {"stopping"}


def may_follow(status: Status, new: Status, *, force: bool = False) -> bool:
    """Whether a run may go from `status` to `new`: done is final, and a run that stops only ends.

    A status may be reported again. `force` opens a done run, for a retry or a resume.
    """
    if force or new == status:
        return True
    if status == "stopping":
        return new in DONE
    return status not in DONE
