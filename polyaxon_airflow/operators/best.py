"""`BestOperator`: the task that ends a sweep, and holds its leaderboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class BestOperator(BaseOperator):
    """Returns `{"best": {index, params, value, uuid}, "metric": ..., "trials": [...]}`, the best trial first.

    Fails if the sweep's early stopping has failed it, or if no trial has shown anything.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Rank the trials, and end the sweep's run in the store."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.ending import end_sweep
        from polyaxon_airflow.operators.airflow_side import refused, report, surroundings_of, task_of

        with run_store() as store, refused():
            ended = end_sweep(task_of(self, context), surroundings_of(self, context, store, lambda: None))
        if (
            ended.status == "upstream_failed"
        ):  # as a skip it would hide the failure, since nothing comes after it
            raise AirflowFailException(ended.reason)
        return report(ended, self)
