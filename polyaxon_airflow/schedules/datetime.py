"""`schedule: {kind: datetime}`."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.scalars import DatetimeOrTemplate
from polyaxon_airflow.schedules import Schedule


class DateTime(Schedule):
    """`schedule: {kind: datetime, startAt: "2026-06-24T21:20:07+00:00"}`."""

    kind: Literal["datetime"] = "datetime"
    start_at: DatetimeOrTemplate
