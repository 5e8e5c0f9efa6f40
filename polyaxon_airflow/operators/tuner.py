"""`TunerOperator`: a task that is one round of an iterative sweep, by the user's own tuner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.execution.task import Ended


class TunerOperator(BaseOperator):
    """Runs the tuner's component, which gets what all trials have shown.

    Returns the indexes of the trials that it suggests, which Airflow maps the round's trials over.
    """

    _killed: str | None = None

    def execute(self, context: Context) -> list[int]:
        """As a run, and then the suggestions to the store."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.tuners import start_round
        from polyaxon_airflow.operators.airflow_side import refused, surroundings_of, task_of
        from polyaxon_airflow.operators.waiting import wait

        with run_store() as store, refused():
            around = surroundings_of(self, context, store, lambda: self._killed)
            ended = wait(self, *start_round(task_of(self, context), around), resumes=True)
        return self._end(context, ended)

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> list[int]:
        """After a trigger has seen the tuner end."""
        from polyaxon_airflow.operators.waiting import ended_by

        return self._end(context, ended_by(event))

    def on_kill(self) -> None:
        """As of `RunOperator`."""
        self._killed = "the task was cleared or marked in Airflow"

    def _end(self, context: Context, ended: Ended) -> list[int]:
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.tuners import end_round, round_of
        from polyaxon_airflow.operators.airflow_side import (
            mappable,
            refused,
            report,
            surroundings_of,
            task_of,
        )

        report(ended, self)
        with run_store() as store, refused():
            around = surroundings_of(self, context, store, lambda: None)
            indexes = end_round(round_of(task_of(self, context), around), ended, around)
        return mappable(indexes, self)
