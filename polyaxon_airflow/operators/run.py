"""`RunOperator`: a task that is one run of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from polyaxon_airflow.operators.links import links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import BaseOperatorLink
    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.execution.execution import Execution, Started
    from polyaxon_airflow.execution.task import Ended, Surroundings, Task


class RunOperator(BaseOperator):
    """Runs one operation of a polyaxonfile; which one, the DAG's plan says for this task id.

    Returns the run's outputs (XCom `return_value`). A false condition, or an upstream that did not end as the
    operation's trigger wants, is a skip with its reason in the log.
    """

    links: Mapping[str, str] | None = None  # name -> URL, once they are known
    _killed: str | None = None

    @property
    def operator_extra_links(self) -> Sequence[BaseOperatorLink]:  # type: ignore[override]
        """Buttons on the task."""
        return links(getattr(self, "links", None))  # Airflow asks a mapped operator too, which has none

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
        from polyaxon_airflow.operators.links import show
        from polyaxon_airflow.operators.waiting import wait

        with run_store() as store, refused(), once_there_is_room(self):
            task, around = task_of(self, context), surroundings_of(self, context, store, lambda: self._killed)
            execution, started = self._start(task, around)
            self.links = show(context, execution, started)
            ended = wait(self, execution, started)
            self._end(task, around, ended)
        return report(ended, self)

    def _start(self, task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
        from polyaxon_airflow.execution.execution import Execution

        execution = Execution(task, around)
        return execution, execution.start()

    def _end(self, task: Task, around: Surroundings, ended: Ended) -> None:
        """What is left to do once the run has ended in a worker; by itself, nothing."""

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """After a trigger has seen the run end in a way that only a worker can report."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.operators.airflow_side import report, surroundings_of, task_of
        from polyaxon_airflow.operators.waiting import ended_by

        ended = ended_by(event)
        with run_store() as store:
            self._end(task_of(self, context), surroundings_of(self, context, store, lambda: None), ended)
        return report(ended, self)

    def on_kill(self) -> None:
        """Airflow calls this when the task was cleared, marked or timed out; the run is stopped."""
        from polyaxon_airflow.execution.statuses import MARKED

        self._killed = MARKED
