"""`ApprovalGateOperator`: an operation with `isApproved: false` waits here for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class ApprovalGateOperator(ApprovalOperator):
    """Asks for approval once the operation's trigger holds, so an approval never bypasses upstreams.

    It waits in Airflow's state `awaiting_input`: no worker, no pool slot. A rejection stops the operation.
    """

    def execute(self, context: Context) -> Any:
        """Skip if the trigger does not hold, pass if nobody needs to be asked, else wait."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.approving import ask
        from polyaxon_airflow.operators.airflow_side import report, surroundings_of, task_of

        with run_store() as store:
            ended = ask(task_of(self, context), surroundings_of(self, context, store, lambda: None))
        if ended is not None:
            report(ended, self)
            return None
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """A person has answered."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.approving import answered
        from polyaxon_airflow.operators.airflow_side import surroundings_of, task_of

        is_approved = event["chosen_options"] == [self.APPROVE]
        who = (event.get("responded_by_user") or {}).get("name") or "somebody"
        with run_store() as store:
            around = surroundings_of(self, context, store, lambda: None)
            answered(task_of(self, context), around, is_approved=is_approved, who=who)
        if not is_approved:
            raise AirflowSkipException(f"rejected by {who}")
        return super().execute_complete(context=context, event=event)
