"""`EventSensor`: what an operation of a dag waits for before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import StartTriggerArgs

from polyaxon_airflow.triggers.wait import WaitTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk.definitions.context import Context


class EventSensor(BaseOperator):
    """Waits in the triggerer for events of other operations of its DAG run, without ever taking a worker.

    Succeeds when an event comes, and is skipped when none can come any more; its return value says which, or why.
    """

    start_from_trigger = True

    def __init__(self, *, wanted: Sequence[dict[str, Any]], **kwargs: Any) -> None:
        """`wanted`: for each operation `operation`, its name; `kinds`, those of events; `tasks`, the ids of all its
        tasks; `last`, of those that it ends with.
        """
        super().__init__(**kwargs)
        self.wanted = list(wanted)
        trigger, arguments = WaitTrigger(self.wanted).serialize()
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=trigger, trigger_kwargs=arguments, next_method="execute_complete"
        )

    def execute(self, context: Context) -> None:  # noqa: ARG002
        """Only where nothing defers for us, as in `dag.test()`."""
        self.defer(trigger=WaitTrigger(self.wanted), method_name="execute_complete")

    def execute_complete(self, context: Context, event: Any = None) -> Any:  # noqa: ARG002
        """Not called: the trigger ends the task."""
        return event
