"""What becomes of the runs that a task had before somebody cleared it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Surroundings, Task

REASON = "the task was cleared in Airflow"
GRACE = 10.0  # seconds that such a run has for its end


def end_cleared(task: Task, around: Surroundings) -> None:
    """End those that still run. A clear ends them by itself where somebody follows them; a worker may have died."""
    for generation in range(task.identity.generation):
        run = around.store.runs.get(replace(task.identity, generation=generation).run_uuid)
        if run is not None and run.handle is not None and run.status not in DONE:
            around.log(f"ending run {run.uuid}: {REASON}")
            around.runner.stop(dict(run.handle), grace=GRACE)
            around.store.runs.set_status(run.uuid, "stopped", REASON, at=around.clock())
