"""Who a run is: the same task instance is the same run, until somebody clears it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("5f0c2f0e-6f6b-5c0e-9d5c-6d1f1d0b7a11")  # ours; run uuids are derived in it


@dataclass(frozen=True)
class TaskIdentity:
    """An Airflow task instance, as far as its run's uuid depends on it.

    A retry has the same identity, so it finds the run of the attempt before. A clear raises `generation`, so it
    starts afresh: Airflow then raises `max_tries`, which is otherwise the number of retries.
    """

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int = -1
    generation: int = 0  # max_tries less retries; 0 unless cleared

    @property
    def run_uuid(self) -> str:
        """32 hexadecimal digits, the same in every process."""
        parts = (self.dag_id, self.dag_run_id, self.task_id, str(self.map_index), str(self.generation))
        return uuid5(NAMESPACE, "\0".join(parts)).hex


def pipeline_uuid(dag_id: str, dag_run_id: str, group: str = "", map_index: int = -1) -> str:
    """The uuid of the run that a dag (group "") or a sweep or nested dag (its task group) is as a whole.

    `map_index`: which instance of a mapped group.
    """
    return TaskIdentity(dag_id, dag_run_id, f"{group}/", map_index).run_uuid
