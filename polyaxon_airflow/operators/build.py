"""`BuildOperator`: a task that makes the image of the operation after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.operators.run import RunOperator

if TYPE_CHECKING:
    from polyaxon_airflow.execution.execution import Execution, Started
    from polyaxon_airflow.execution.task import Ended, Surroundings, Task


class BuildOperator(RunOperator):
    """Runs the builder's component; skipped if the operation's trigger or condition does not let it start."""

    def _start(self, task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
        from polyaxon_airflow.execution.building import start_build

        return start_build(task, around)

    def _end(self, task: Task, around: Surroundings, ended: Ended) -> None:
        from polyaxon_airflow.execution.building import end_build

        end_build(task, around, ended)
