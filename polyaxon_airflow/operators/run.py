"""`RunOperator`: a task that is one run of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.execution.execution import Execution, Started
    from polyaxon_airflow.execution.task import Ended, Surroundings, Task


class RunOperator(BaseOperator):
    """Runs one operation of a polyaxonfile; which one, the DAG's plan says for this task id.

    Returns the run's outputs (XCom `return_value`). A false condition, or an upstream that did not end as the
    operation's trigger wants, is a skip with its reason in the log.
    """

    _killed: str | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Resolve, decide, submit, follow, collect."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.operators.airflow_side import (
            once_there_is_room,
            refused,
            report,
            surroundings_of,
            task_of,
        )
        from polyaxon_airflow.operators.waiting import wait

        with run_store() as store, refused(), once_there_is_room(self):
            around = surroundings_of(self, context, store, lambda: self._killed)
            ended = wait(self, *self._start(task_of(self, context), around))
        return report(ended, self)

    def _start(self, task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
        from polyaxon_airflow.execution.execution import Execution

        execution = Execution(task, around)
        return execution, execution.start()

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """After a trigger has seen the run end in a way that only a worker can report."""
        from polyaxon_airflow.operators.airflow_side import report
        from polyaxon_airflow.operators.waiting import ended_by

        return report(ended_by(event), self)

    def on_kill(self) -> None:
        """Airflow calls this when the task was cleared, marked or timed out; the run is stopped."""
        self._killed = "the task was cleared or marked in Airflow"
