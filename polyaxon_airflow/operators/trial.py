"""`TrialOperator`: a task that is one trial of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from polyaxon_airflow.operators.links import links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import BaseOperatorLink
    from airflow.sdk.definitions.context import Context


class TrialOperator(BaseOperator):
    """Runs one trial; `index` is its place in the sweep, from 0.

    It asks for its params when it starts, and stops itself when the sweep's early stopping says so. Its label in
    the grid is its params, and why it was skipped, stopped or failed.
    """

    links: Mapping[str, str] | None = None  # as of `RunOperator`
    _killed: str | None = None

    def __init__(self, *, index: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.index = index

    @property
    def operator_extra_links(self) -> Sequence[BaseOperatorLink]:  # type: ignore[override]
        """As of `RunOperator`."""
        return links(getattr(self, "links", None))

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask, then as a run."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.trials import start_trial
        from polyaxon_airflow.operators import label, links
        from polyaxon_airflow.operators.airflow_side import (
            once_there_is_room,
            refused,
            report,
            surroundings_of,
            task_of,
        )
        from polyaxon_airflow.operators.waiting import wait

        task = task_of(self, context)
        with run_store() as store, refused(), once_there_is_room(self):
            around = surroundings_of(self, context, store, lambda: self._killed)
            execution, started, name = start_trial(task, around, self.index)
            label.show(context, name)
            self.links = links.show(context, execution, started)
            ended = wait(self, execution, started)
        if ended.reason:
            label.show(context, f"{name}: {ended.reason}")
        return report(ended, self)

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """As of `RunOperator`."""
        from polyaxon_airflow.configuration import run_store
        from polyaxon_airflow.execution.trials import trial_label
        from polyaxon_airflow.operators import label
        from polyaxon_airflow.operators.airflow_side import report, surroundings_of, task_of
        from polyaxon_airflow.operators.waiting import ended_by

        ended = ended_by(event)
        with run_store() as store:
            around = surroundings_of(self, context, store, lambda: None)
            name = trial_label(task_of(self, context), around, self.index)
        label.show(context, f"{name}: {ended.reason}" if ended.reason else name)
        return report(ended, self)

    def on_kill(self) -> None:
        """As of `RunOperator`."""
        from polyaxon_airflow.execution.statuses import MARKED

        self._killed = MARKED
