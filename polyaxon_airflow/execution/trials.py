"""One trial of a sweep, from its params to the moment when it runs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.limits import given_up, in_turn
from polyaxon_airflow.execution.sweeps import first_index, sweep_of
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.tuning.trial import TrialStep

if TYPE_CHECKING:
    from polyaxon_airflow.execution.execution import Started
    from polyaxon_airflow.execution.task import Surroundings, Task


class StartedTrial(NamedTuple):
    """A trial that runs, or that has ended already."""

    execution: Execution
    started: Ended | Started
    label: str  # how the grid names it


def start_trial(task: Task, around: Surroundings, index: int) -> StartedTrial:
    """Ask, then start as any run. `index`: the trial's place in this dag run. Raises FullError as `Execution.start`."""
    sweep = sweep_of(task, around)
    first = first_index(task, around, sweep.uuid)
    index += first
    execution = Execution(replace(task, trial_index=index, pipeline=sweep.uuid), around)
    over = partial(given_up, around, first, task.identity.task_id)
    trial = TrialStep(sweep, index, execution.uuid, around.clock, task.identity.generation, over)
    with in_turn(task):
        started = execution.start(trial)
    if isinstance(started, Ended):
        trial.after_end()
    return StartedTrial(execution, started, trial.label())


def trial_label(task: Task, around: Surroundings, index: int) -> str:
    """How the grid names a trial that was started before. `index`: as of `start_trial`."""
    sweep = sweep_of(task, around)
    index += first_index(task, around, sweep.uuid)
    return TrialStep(sweep, index, task.identity.run_uuid, around.clock).label()
