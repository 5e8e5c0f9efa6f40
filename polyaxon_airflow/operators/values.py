"""`ValuesOperator`: fills in the templates of a matrix, and tells how many trials there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class ValuesOperator(BaseOperator):
    """Returns the indexes of the sweep's trials, which Airflow maps them over."""

    def execute(self, context: Context) -> list[int]:
        """Begin the sweep."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.sweeps import trial_indexes
        from polyaxon_airflow.operators.airflow_side import mappable, refused, surroundings_of, task_of

        with run_store() as store, refused():
            indexes = trial_indexes(
                task_of(self, context), surroundings_of(self, context, store, lambda: None)
            )
        return mappable(indexes, self)
