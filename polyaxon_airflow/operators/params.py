"""`ParamsOperator`: the first task of a trial that is a dag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class ParamsOperator(BaseOperator):
    """Takes the params of the trial, which the operations of its dag then read; skips if the sweep has ended."""

    def execute(self, context: Context) -> None:
        """Ask, and begin."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.dag_trials import begin_dag_trial
        from polyaxon_airflow.operators import label
        from polyaxon_airflow.operators.airflow_side import (
            once_there_is_room,
            refused,
            report,
            surroundings_of,
            task_of,
        )

        with run_store() as store, refused(), once_there_is_room(self):
            around = surroundings_of(self, context, store, lambda: None)
            ended, name = begin_dag_trial(task_of(self, context), around)
        label.show(context, f"{name}: {ended.reason}" if ended.reason else name)
        report(ended, self)
