"""`GateOperator`: decides for a nested dag or a sweep as a whole whether it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class GateOperator(BaseOperator):
    """Skips, with the reason, what its operation's trigger or condition does not let start."""

    def execute(self, context: Context) -> None:
        """Ask trigger and condition."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.gating import pass_gate
        from polyaxon_airflow.operators.airflow_side import report, surroundings_of, task_of

        with run_store() as store:
            ended = pass_gate(task_of(self, context), surroundings_of(self, context, store, lambda: None))
        report(ended, self)
