"""`schedule: {kind: cron}`."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.scalars import BoolOrTemplate, DatetimeOrTemplate, IntOrTemplate, Text
from polyaxon_airflow.schedules import Schedule


class Cron(Schedule):
    """`schedule: {kind: cron, cron: "0 4 * * *", startAt: 2026-01-01, maxRuns: 30}`."""

    kind: Literal["cron"] = "cron"
    cron: Text
    start_at: DatetimeOrTemplate | None = None
    end_at: DatetimeOrTemplate | None = None
    max_runs: IntOrTemplate | None = None
    depends_on_past: BoolOrTemplate | None = None
