"""What stands in the queues at one moment, as Airflow knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.queues.models import Fairness
    from polyaxon_airflow.queues.shares import Path

PROJECT_TAG = "project:"  # begins the tag of a DAG that says its project


class Pool(NamedTuple):
    """An Airflow pool."""

    slots: int  # -1 for no limit
    description: str = ""
    include_deferred: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """A task instance that waits in a pool or holds slots of it."""

    id: str
    pool: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    slots: int = 1
    state: Literal["waiting", "running"] = "waiting"  # running: also queued in the executor, or deferred
    weight: int = 1  # Airflow's priority_weight: the larger goes first
    since: float = 0.0  # when it came into this state, in seconds of the epoch
    run_at: float = 0.0  # when its DAG run was due
    owner: str = ""
    project: str = ""

    @property
    def sweep(self) -> tuple[str, str, str]:
        """The sweep that it is a trial of: DAG, run, and the task group of the mapped task; else the run itself."""
        group = self.task_id.rpartition(".")[0] or self.task_id
        return (self.dag_id, self.run_id, group if self.map_index >= 0 else "")

    @property
    def place(self) -> tuple[float, int, str]:
        """Its order within its flow: trials in the order of their index."""
        return (self.run_at, self.map_index, self.task_id)

    def flow(self, fairness: Fairness) -> Path:
        """Its path in the fair order of its pool."""
        if fairness.by == "run":
            return (self.pool, (self.dag_id, self.run_id, ""))
        if fairness.by == "sweep":
            return (self.pool, self.sweep)
        return (self.pool, self.owner if fairness.by == "owner" else self.project, self.sweep)


@dataclass(frozen=True)
class Snapshot:
    """All pools of the queues file, and the tasks in them."""

    now: float  # seconds of the epoch
    pools: Mapping[str, Pool]
    tasks: tuple[Task, ...]  # of a sweep with many waiting tasks, only the first ones
    waiting: Mapping[str, int]  # slots that all waiting tasks of a pool want
