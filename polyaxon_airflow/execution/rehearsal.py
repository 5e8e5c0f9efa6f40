"""One trial that runs nowhere: what a process does once before it forks tasks, so that each of them need not.

SQLAlchemy compiles a statement when it is executed first, for the engine that does; jinja and pydantic do the like.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.execution.ending import end_sweep
from polyaxon_airflow.execution.execution import Started
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.execution.task import Surroundings, Task
from polyaxon_airflow.execution.trials import start_trial
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.polyaxonfile import read_operation
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Line, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from polyaxon_airflow.runners.base import Handle, Manifest, RunIdentity
    from polyaxon_airflow.store import RunStore

NAME = "polyaxon-rehearsal"
SWEEP = f"""
kind: operation
name: {NAME}
cache: {{disable: true}}
matrix:
  kind: tpe
  numRuns: 2
  metric: {{name: loss, optimization: minimize}}
  params: {{x: {{kind: uniform, value: [0, 1]}}}}
  earlyStopping:
  - {{kind: metric_early_stopping, metric: loss, optimization: minimize, value: 0, policy: {{kind: median}}}}
component:
  inputs: [{{name: x, type: float}}]
  outputs: [{{name: loss, type: metric}}]
  run: {{kind: job, container: {{image: x, command: [echo, "{{{{ x }}}}"]}}}}
"""


def rehearse(store: RunStore, clock: Callable[[], datetime]) -> None:
    """A sweep of one trial, of which nothing stays in the store. Raises StoreError."""
    plan = plan_of(compile_operation(read_operation(SWEEP)), dag_id=NAME, text=SWEEP)
    trial, best = (Task(TaskIdentity(NAME, NAME, node.id), plan, node) for node in plan.nodes)
    with store.rehearsing() as rolled_back, TemporaryDirectory() as folder:
        around = Surroundings(
            store=rolled_back,
            runner=_Nowhere(),
            clock=clock,
            sleep=lambda _: None,
            log=lambda _: None,
            log_line=lambda _: None,
            statuses=lambda _: {},
            interrupted=lambda: None,
            runs_folder=folder,
        )
        execution, started, _ = start_trial(trial, around, 0)
        if isinstance(started, Started):
            execution.finish(started, execution.follow(started))
        end_sweep(best, around)


class _Nowhere:
    """A runner of which every run reports a loss and succeeds."""

    def check(self, manifest: Manifest) -> None:
        """See `Runner.check`."""

    def submit(self, _manifest: Manifest, run: RunIdentity) -> Handle:
        return {"runner": "nowhere", "uuid": run.uuid}

    def follow(
        self,
        _handle: Handle,
        *,
        on_lines: Callable[[Sequence[Line]], None],
        should_stop: Callable[[], str | None],
        interval: float = 0.5,  # noqa: ARG002 - as in `Runner.follow`
    ) -> Outcome:
        on_lines([Line(MAIN_CONTAINER, "step=1 loss=0.5")])
        should_stop()
        return Outcome("succeeded", 0)

    def stop(self, handle: Handle, *, grace: float) -> None:
        """See `Runner.stop`."""

    def clean(self, handle: Handle, *, keep: float = 0) -> None:
        """See `Runner.clean`."""
