"""Workloads for the simulator: `polyaxon-airflow queues simulate FILE`."""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictInt, StrictStr, ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault, FaultsError, PolyaxonfileError
from polyaxon_airflow.queues.lookup import Queues
from polyaxon_airflow.queues.models import QueuesFile
from polyaxon_airflow.queues.outcome import Outcome, outcome_of
from polyaxon_airflow.queues.simulation import Job, simulate
from polyaxon_airflow.queues.snapshot import Task
from polyaxon_airflow.section import Section
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Between(Section):
    """A length that differs from task to task, all equally likely."""

    min: Annotated[float, Field(ge=0)]
    max: Annotated[float, Field(ge=0)]


class SweepOfTasks(Section):
    """Tasks that come together: a sweep, or with `tasks: 1` a single run."""

    name: StrictStr
    queue: StrictStr
    tasks: Annotated[StrictInt, Field(gt=0)] = 1
    seconds: float | Between = 60.0  # that each task takes
    at: Annotated[float, Field(ge=0)] = 0.0  # second in which they come
    slots: Annotated[StrictInt, Field(gt=0)] = 1
    concurrency: Annotated[StrictInt, Field(gt=0)] | None = None
    owner: StrictStr = ""
    project: StrictStr = ""


class Workload(QueuesFile):
    """A queues file with the sweeps that come to it."""

    sweeps: list[SweepOfTasks]
    parallelism: Annotated[StrictInt, Field(gt=0)] | None = None  # tasks that Airflow runs at once
    seed: StrictInt = 0


def read_workload(source: str | Path) -> Workload:
    """Read a workload file. Raises PolyaxonfileError."""
    document = read_document(source)
    try:
        workload = Workload.model_validate(document.value)
    except ValidationError as error:
        faults = explain.faults(error, Workload, document.value)
        raise PolyaxonfileError(map(document.locate, faults)) from error
    faults = list(_unknown_queues(workload))
    if faults:
        raise PolyaxonfileError(map(document.locate, faults))
    return workload


def play(workload: Workload) -> Outcome:
    """Simulate a workload and add up what came out."""
    queues = Queues(workload)
    jobs = list(_jobs(workload, queues))
    started = simulate(jobs, queues.places, weight=queues.weight, parallelism=workload.parallelism or inf)
    return outcome_of(started, queues)


def _unknown_queues(workload: Workload) -> Iterator[Fault]:
    queues = Queues(workload)
    for index, sweep in enumerate(workload.sweeps):
        try:
            queues.find(sweep.queue)
        except FaultsError as error:
            for fault in error.faults:
                yield Fault(
                    fault.message,
                    path=("sweeps", index, "queue"),
                    suggestion=fault.suggestion,
                    rule=fault.rule,
                )


def _jobs(workload: Workload, queues: Queues) -> Iterator[Job]:
    random = Random(workload.seed)  # noqa: S311 - lengths of tasks are no secret
    for sweep in workload.sweeps:
        place = queues.find(sweep.queue)
        task = Task("", place.pool, sweep.name, "", sweep.name, 0, owner=sweep.owner, project=sweep.project)
        path = task.flow(queues.fairness(place))
        for _ in range(sweep.tasks):
            length = sweep.seconds
            seconds = random.uniform(length.min, length.max) if isinstance(length, Between) else length
            yield Job(path, seconds, sweep.at, sweep.slots, sweep.concurrency or inf)
