"""`TrialOperator`: a task that is one trial of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class TrialOperator(BaseOperator):
    """Runs one trial; `index` is its place in the sweep, from 0.

    It asks for its params when it starts, and stops itself when the sweep's early stopping says so. Its label in
    the grid is its params.
    """

    _killed: str | None = None

    def __init__(self, *, index: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.index = index

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask, then as a run."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.execution import Execution
        from polyaxon_airflow.execution.pipelines import begin_pipeline
        from polyaxon_airflow.execution.task import Ended
        from polyaxon_airflow.operators.airflow_side import report, surroundings_of, task_of
        from polyaxon_airflow.tuning.sweep import Sweep
        from polyaxon_airflow.tuning.trial import TrialStep

        task = task_of(self, context, trial_index=self.index)
        context["polyaxon_label"] = f"trial {self.index}"  # type: ignore[typeddict-unknown-key]
        with run_store() as store:
            around = surroundings_of(self, context, store, lambda: self._killed)
            execution = Execution(task, around)
            group = task.node.group
            pipeline = begin_pipeline(task, around, execution.compiled, group, ends_with=f"{group}.best")
            sweep = Sweep(pipeline.uuid, execution.compiled, store)
            trial = TrialStep(sweep, self.index, execution.uuid, around.clock)
            started = execution.start(trial)
            ended = (
                started
                if isinstance(started, Ended)
                else execution.finish(started, execution.follow(started, trial.why_end))
            )
        context["polyaxon_label"] = trial.label()  # type: ignore[typeddict-unknown-key]
        return report(ended, self)

    def on_kill(self) -> None:
        """As of `RunOperator`."""
        self._killed = "the task was cleared or marked in Airflow"
