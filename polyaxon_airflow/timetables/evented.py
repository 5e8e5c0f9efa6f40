"""The timetable of a DAG that events start: it never schedules a run, and says what does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.timetables.base import DataInterval, Timetable

if TYPE_CHECKING:
    from airflow.timetables.base import DagRunInfo, TimeRestriction
    from pendulum import DateTime


class EventTimetable(Timetable):
    """`summary` stands where the UI shows a schedule: `on connection_git_commit of connections.repo`."""

    can_be_scheduled = False
    periodic = False

    def __init__(self, summary: str) -> None:
        self._summary = summary
        self.description = f"Starts {summary}"

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        return cls(data["summary"])

    def serialize(self) -> dict[str, Any]:
        return {"summary": self._summary}

    @property
    def summary(self) -> str:
        return self._summary

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self,
        *,
        last_automated_data_interval: DataInterval | None,  # noqa: ARG002
        restriction: TimeRestriction,  # noqa: ARG002
    ) -> DagRunInfo | None:
        return None
