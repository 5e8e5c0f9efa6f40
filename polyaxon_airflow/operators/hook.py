"""`HookOperator`: a task that runs a hook after a run; nothing waits for it, and its failure fails nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.operators.run import RunOperator

if TYPE_CHECKING:
    from polyaxon_airflow.execution.execution import Execution, Started
    from polyaxon_airflow.execution.task import Ended, Surroundings, Task


class HookOperator(RunOperator):
    """Runs the component of a hook if the run before it ended as the hook's trigger and condition want; else it skips.

    It is a teardown: Airflow leaves it out when it decides how the DAG run has ended.
    """

    def _start(self, task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
        from polyaxon_airflow.execution.hooks import start_hook

        return start_hook(task, around)
