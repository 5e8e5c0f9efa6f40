"""`schedule: {kind: interval}`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, DatetimeOrTemplate, IntOrTemplate
from polyaxon_airflow.schedules import Schedule


class Interval(Schedule):
    """`schedule: {kind: interval, frequency: 3600}`; a number counts seconds."""

    kind: Literal["interval"] = "interval"
    frequency: Annotated[timedelta | str, OR_TEMPLATE]
    start_at: DatetimeOrTemplate | None = None
    end_at: DatetimeOrTemplate | None = None
    max_runs: IntOrTemplate | None = None
    depends_on_past: BoolOrTemplate | None = None
