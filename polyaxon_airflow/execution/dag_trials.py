"""A trial of a sweep over a dag: its first task asks for its params, its outcome tells what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.limits import given_up, in_turn
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.resolution import compiled_of, resolved
from polyaxon_airflow.execution.sweeps import first_index, sweep_of
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.matrix import NothingToAsk
from polyaxon_airflow.points import Point
from polyaxon_airflow.tuning.trial import TrialStep

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Status, Surroundings, Task
    from polyaxon_airflow.store import Run


def begin_dag_trial(task: Task, around: Surroundings) -> tuple[Ended, str]:
    """Ask for the params of the trial that a task is the first of, and begin its dag with them; its label.

    Raises FullError where it has to learn from others first.
    """
    trial = _trial(task, around)
    run = begin_pipeline(
        task,
        around,
        compiled_of(task),
        task.node.group,
        ends_with=str(task.node.details["ends_with"]),
        trial_index=trial.index,
    )
    try:
        if (reason := trial.why_not_start()) is not None:
            return _end(run, around, "skipped", reason), trial.label()
        with in_turn(task):
            params = trial.params()
        literal = resolved(task, around, run, params)
    except NothingToAsk as nothing:
        return _end(run, around, "skipped", str(nothing)), trial.label()
    except CompilationError as error:
        return _end(run, around, "failed", str(error)), trial.label()
    inputs = {io.name: io.value for io in (*(literal.inputs or ()), *(literal.contexts or ()))}
    around.store.runs.update(run.uuid, at=around.clock(), inputs=inputs)
    return Ended("succeeded", run.uuid), trial.label()


def end_dag_trial(task: Task, around: Surroundings, run: Run) -> None:
    """Report the numbers that a trial's dag gives as its metrics, and let the sweep judge."""
    trial = _trial(task, around)
    at = around.clock()
    numbers = {name: value for name, value in run.outputs.items() if isinstance(value, (int, float))}
    points = [Point(name, step=0, value=float(value), at=at.timestamp()) for name, value in numbers.items()]
    around.store.metrics.log(run.uuid, points, at=at)
    trial.after_end()


def _trial(task: Task, around: Surroundings) -> TrialStep:
    sweep = sweep_of(task, around)
    first = first_index(task, around, sweep.uuid)
    index = task.identity.map_index + first
    over = partial(given_up, around, first, str(task.node.details.get("ends_with", task.node.id)))
    uuid = Family(task, around).pipeline(task.node.group)
    return TrialStep(sweep, index, uuid, around.clock, task.identity.generation, over)


def _end(run: Run, around: Surroundings, status: Status, reason: str) -> Ended:
    around.store.runs.set_status(run.uuid, status, reason, at=around.clock())
    return Ended(status, run.uuid, reason, retriable=False)
