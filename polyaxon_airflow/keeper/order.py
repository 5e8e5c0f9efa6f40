"""Which tasks start next, over all pools, and the weights that make Airflow's scheduler start them so."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from polyaxon_airflow.keeper.accounts import UNLIMITED, Accounts
from polyaxon_airflow.queues.lending import rank
from polyaxon_airflow.queues.weights import NEXT, NEXT_LEAST, at_creation, is_next

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.snapshot import Snapshot, Task

AHEAD = 4  # slots' worth of tasks beyond those that can start now, for slots that come free between two looks


def next_tasks(
    queues: Queues, accounts: Accounts, snapshot: Snapshot, starts: Mapping[str, int]
) -> list[Task]:
    """The tasks that start next, first one first: in every pool those that fit now, then some more.

    Queues of higher priority come first, with no more tasks than they can start, so that they never fill the few rows
    that the scheduler reads at a time (`max_tis_per_query`; Airflow issue 45636). A task that has waited longer than
    its queue's `maxWait` comes before all priorities. `starts`: slots' worth of tasks that each pool started since the
    last look.
    """
    order = _Order(queues, accounts, snapshot)
    now = {pool: max(0.0, order.open_slots(pool)) for pool in snapshot.pools}
    order.extend(now, lambda task: snapshot.now - task.since > queues.pools()[task.pool].queue.max_wait)
    order.extend(now)
    order.extend({pool: max(AHEAD, 2 * starts.get(pool, 0)) for pool in snapshot.pools})
    return order.tasks


class _Order:
    def __init__(self, queues: Queues, accounts: Accounts, snapshot: Snapshot) -> None:
        self.tasks: list[Task] = []
        self._accounts = accounts
        self._snapshot = snapshot
        self._fair = accounts.fair.copy()
        self._used = used_slots(snapshot)
        self._held = accounts.held()
        self._probed: set[Path] = set()
        places = [place for pool, place in queues.pools().items() if pool in snapshot.pools]
        self._tiers = [
            {place.pool for place in places if rank(place) == tier}
            for tier in sorted({rank(place) for place in places}, reverse=True)
        ]

    def open_slots(self, pool: str) -> float:
        slots = self._snapshot.pools[pool].slots
        return UNLIMITED if slots < 0 else slots - self._used[pool]

    def extend(self, room: dict[str, float], may: Callable[[Task], bool] = lambda task: True) -> None:  # noqa: ARG005
        """Add tasks that `may`, tier by tier, until each pool has had its room (in slots; it is used up)."""
        for tier in self._tiers:
            while (task := self._take(tier, room, may)) is not None:
                self.tasks.append(task)

    def _take(self, tier: set[str], room: dict[str, float], may: Callable[[Task], bool]) -> Task | None:
        found = self._fair.take(
            lambda task: may(task) and self._may_follow(task),
            lambda path: len(path) > 1 or (path[0] in tier and room[str(path[0])] > 0),
        )
        if found is None:
            return None
        path, task = found
        if self._is_at_limit(path):
            self._probed.add(path)
        else:
            room[task.pool] -= task.slots
            self._held[path] += task.slots
            self._fair.charge(path, task.slots * self._accounts.lengths.expect(path))
        return task

    def _may_follow(self, task: Task) -> bool:
        # Of a flow that seems to be at a limit of its own one task stands by, should the limit have gone.
        path = self._accounts.path(task)
        return not (self._is_at_limit(path) and path in self._probed)

    def _is_at_limit(self, path: Path) -> bool:
        return self._held[path] >= self._accounts.limits.get(path, inf)


def used_slots(snapshot: Snapshot) -> Counter[str]:
    """Slots that are taken, by pool."""
    used: Counter[str] = Counter()
    for task in snapshot.tasks:
        if task.state == "running":
            used[task.pool] += task.slots
    return used


def weights_to_write(
    order: Sequence[Task], waiting: Sequence[Task], share: Callable[[Task], float]
) -> dict[str, int]:
    """The weights that put `order` before all else that waits, by task id; only those that must change.

    As long as what stands is the start of the order, new weights are added below it and nothing is written twice.
    `share`: the weight of a task's flow, for tasks that no longer are among the next.
    """
    standing = sorted((task for task in waiting if is_next(task.weight)), key=lambda task: -task.weight)
    lowest = standing[-1].weight if standing else NEXT + 1
    count = min(len(standing), len(order))
    fits = lowest - (len(order) - count) >= NEXT_LEAST
    if fits and all(a.id == b.id for a, b in zip(standing, order, strict=False)):
        return {task.id: lowest - i for i, task in enumerate(order[count:], start=1)}
    wanted = {task.id: NEXT - i for i, task in enumerate(order)}
    dropped = {
        task.id: at_creation(task.map_index, share(task)) for task in standing if task.id not in wanted
    }
    had = {task.id: task.weight for task in waiting}
    return {key: weight for key, weight in {**dropped, **wanted}.items() if had.get(key) != weight}
