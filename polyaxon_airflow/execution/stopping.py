"""`earlyStopping` of dags: what their runs know of it, and how they end one another (spec sections 2.11 and 2.27)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.early_stopping import EARLY_STOPPING
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.statuses import latest_by_task
from polyaxon_airflow.store.records import TrialStatus
from polyaxon_airflow.tuning.stopping import Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.store import Run, RunStore


def dags_that_stop(task: Task, around: Surroundings) -> tuple[dict[str, Any], ...]:
    """The dags around a task that have `earlyStopping`, the innermost first, as JSON: `{uuid, planned, policies}`."""
    return tuple(_dags(task, Family(task, around))) if task.node.is_in_dag else ()


def why_ended(dags: Sequence[Mapping[str, Any]], store: RunStore, generation: int = 0) -> str | None:
    """Why nothing more of these dags starts; None while it does.

    `generation`: how often the task was cleared. One that was runs again, whatever was decided before its clear.
    """
    for dag in dags:
        decision = store.sweeps.decision(dag["uuid"])
        if decision is not None and generation > _generation_of(decision.by, store):
            store.sweeps.withdraw(dag["uuid"])
        elif decision is not None:
            return decision.reason
    return None


@dataclass(frozen=True)
class DagStopping:
    """The dags around one run, as the run asks them. `dags`: see `dags_that_stop`."""

    dags: Sequence[Mapping[str, Any]]
    uuid: str  # of the run
    store: RunStore
    clock: Callable[[], datetime]

    def why_stop(self) -> str | None:
        """Why the run must not go on."""
        if (reason := why_ended(self.dags, self.store)) is not None:
            return reason
        found = (self._own(dag) for dag in self.dags)
        return next((reason for reason in found if reason is not None), None)

    def after_end(self) -> None:
        """The run has ended."""
        for dag in self.dags:
            if self.uuid in {run.uuid for run in _runs(dag, self.store)}:
                self._stopping(dag).after_end(self.uuid)

    def _own(self, dag: Mapping[str, Any]) -> str | None:
        """What a dag says, if it is the one that this run is an operation of."""
        index = next((n for n, run in enumerate(_runs(dag, self.store)) if run.uuid == self.uuid), None)
        return None if index is None else self._stopping(dag).why_stop(self.uuid, index)

    def _stopping(self, dag: Mapping[str, Any]) -> Stopping:
        return Stopping(
            dag["uuid"],
            [EARLY_STOPPING.validate(policy) for policy in dag["policies"]],
            dag["planned"],
            lambda: [TrialStatus(n, run.uuid, run.status) for n, run in enumerate(_runs(dag, self.store))],
            self.store,
            self.clock,
            told=lambda reason: _named(reason, _runs(dag, self.store)),
        )


def _generation_of(uuid: str | None, store: RunStore) -> int:
    run = store.runs.get(uuid) if uuid is not None else None
    return 0 if run is None else int(run.meta.get("generation", 0))


def _dags(task: Task, family: Family) -> Iterator[dict[str, Any]]:
    path = task.node.operation.partition("/")[0]
    while path:
        path = path.rpartition(".")[0]
        operation = task.plan.operations.get(path)
        if operation is None or operation["run"].get("kind") != "dag":
            continue
        group = _group(task, path)
        policies = operation["run"].get("earlyStopping")
        if policies:
            yield {"uuid": family.pipeline(group), "planned": _planned(task, path), "policies": policies}
        if operation.get("matrix") is not None:  # the sweep ends all of its trials
            sweep = group.rpartition(".")[0]
            yield {"uuid": family.pipeline(sweep), "planned": None, "policies": []}


def _group(task: Task, path: str) -> str:
    """The task group of a dag around a task."""
    found = [
        group.id for group in task.plan.groups if group.operation == path and group.holds(task.node.group)
    ]
    return max(found, key=len, default="")


def _planned(task: Task, path: str) -> int:
    """How many operations a dag has."""
    paths = (other for other in task.plan.operations if other != path and "/" not in other)
    return sum(other.rpartition(".")[0] == path for other in paths)


def _runs(dag: Mapping[str, Any], store: RunStore) -> list[Run]:
    """The operations of a dag that have begun, in that order."""
    return list(latest_by_task(store.runs.children(dag["uuid"])).values())


def _named(reason: str, runs: Sequence[Run]) -> str:
    """A policy's sentence, which is about trials by their numbers, with the operations' names."""
    named = re.sub(r"trial (\d+)", lambda found: f"operation '{runs[int(found[1])].name}'", reason)
    return named.replace("trials", "operations")
