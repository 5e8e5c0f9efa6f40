"""`OutcomeOperator`: ends a dag as Polyaxon would, which is not always as Airflow would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class OutcomeOperator(BaseOperator):
    """Fails if an operation of the dag has failed, even if another one handled it; returns the dag's outputs."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Look at how all operations ended."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.ending import end_dag
        from polyaxon_airflow.operators.airflow_side import refused, report, surroundings_of, task_of

        with run_store() as store, refused():
            ended = end_dag(task_of(self, context), surroundings_of(self, context, store, lambda: None))
        return report(ended, self)
