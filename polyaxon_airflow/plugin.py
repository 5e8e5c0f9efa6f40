"""The Airflow plugin (entry point `airflow.plugins`). Every task process of everybody imports this module,
so what it offers is imported when Airflow asks for it.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class PolyaxonPlugin(AirflowPlugin):
    """Timetables, priority weights and pages that Airflow must be able to find by name."""

    name = "polyaxon"

    @property
    def timetables(self) -> list[Any]:  # type: ignore[override]
        from polyaxon_airflow.timetables.evented import EventTimetable
        from polyaxon_airflow.timetables.scheduled import ScheduleTimetable

        return [ScheduleTimetable, EventTimetable]

    @property
    def priority_weight_strategies(self) -> list[Any]:  # type: ignore[override]
        from polyaxon_airflow.operators.priority import FairShare

        return [FairShare]

    @property
    def listeners(self) -> list[Any]:  # type: ignore[override]
        from polyaxon_airflow.closing import ClosingListener
        from polyaxon_airflow.keeper.listener import KeeperListener
        from polyaxon_airflow.warming import WarmingListener

        return [ClosingListener(), KeeperListener(), WarmingListener()]
