"""The slots that pools have at this moment: what is lent to children, and what is kept free for a big task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.keeper.order import used_slots
from polyaxon_airflow.queues.lending import Demand, lent_slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.snapshot import Snapshot, Task


class PoolSlots:
    """Changes the slots of pools, and remembers what they were before something was kept free in them."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._kept: dict[str, int] = {}

    def changes(self, snapshot: Snapshot, order: Sequence[Task]) -> dict[str, int]:
        """The slots to set, by pool. Pools that neither lend nor borrow are the admin's, and stay as they are."""
        used = used_slots(snapshot)
        wanted = {name: self._kept.pop(name, pool.slots) for name, pool in snapshot.pools.items()}
        wanted.update(self._lent(snapshot, used))
        for pool, count in self._to_keep_free(snapshot, order, used, wanted).items():
            self._kept[pool] = wanted[pool]
            wanted[pool] -= count
        return {name: slots for name, slots in wanted.items() if slots != snapshot.pools[name].slots}

    def _lent(self, snapshot: Snapshot, used: Mapping[str, int]) -> dict[str, int]:
        demand = {pool: Demand(used[pool], snapshot.waiting.get(pool, 0)) for pool in snapshot.pools}
        places = [place for place in self._queues.places if place.pool in snapshot.pools]
        return lent_slots(places, demand)

    def _to_keep_free(
        self, snapshot: Snapshot, order: Sequence[Task], used: Mapping[str, int], slots: Mapping[str, int]
    ) -> dict[str, int]:
        """Slots that nobody else may take, in pools whose next task is too big for the free slots and has waited too
        long for enough of them.
        """
        first: dict[str, Task] = {}
        for task in order:
            first.setdefault(task.pool, task)
        return {
            pool: task.slots
            for pool, task in first.items()
            if task.slots <= slots[pool] < used[pool] + task.slots
            and snapshot.now - task.since > self._queues.pools()[pool].queue.max_wait
        }
