"""`schedule`: when an operation runs by itself (spec section 2.24)."""

from __future__ import annotations

from typing import ClassVar

from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.section import Section


class Schedule(Section):
    """Base of the kinds of `schedule`."""

    merges_whole: ClassVar[bool] = True

    kind: str


SCHEDULE = Kinds(
    "schedule",
    Schedule,
    {
        "cron": "polyaxon_airflow.schedules.cron:Cron",
        "datetime": "polyaxon_airflow.schedules.datetime:DateTime",
        "interval": "polyaxon_airflow.schedules.interval:Interval",
    },
    retired={
        "exact_time": "write kind: datetime",
        "repeatable": "write kind: interval with maxRuns",
    },
)
