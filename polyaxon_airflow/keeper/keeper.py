"""One look at the queues after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.keeper.accounts import Accounts, Ended
from polyaxon_airflow.keeper.order import next_tasks, weights_to_write
from polyaxon_airflow.keeper.slots import PoolSlots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.snapshot import Snapshot, Task


class Changes(NamedTuple):
    """What to write."""

    weights: dict[str, int]  # priority_weight by task instance id
    slots: dict[str, int]  # by pool


class Keeper:
    """Keeps the order of one Airflow's queues; pure but for what it remembers of the last snapshot."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._accounts = Accounts(queues)
        self._slots = PoolSlots(queues)
        self.following: list[str] = []  # ids of the tasks that start next, first one first

    def missing(self, snapshot: Snapshot) -> list[str]:
        """Ids of tasks that the last snapshot had and this one has not; `look` wants to know how they ended."""
        return self._accounts.missing(snapshot)

    def look(self, snapshot: Snapshot, ended: Iterable[Ended] = ()) -> Changes:
        """What to change, so that tasks start in fair order."""
        starts = self._accounts.update(snapshot, ended, self.following)
        order = next_tasks(self._queues, self._accounts, snapshot, starts)
        self.following = [task.id for task in order]
        waiting = [task for task in snapshot.tasks if task.state == "waiting"]
        return Changes(weights_to_write(order, waiting, self._share), self._slots.changes(snapshot, order))

    def _share(self, task: Task) -> float:
        return self._queues.weight(self._accounts.path(task)[:2])
