"""Airflow 3.3's scheduler in virtual time, as far as the order of starts goes, with a keeper beside it.

The picking is that of `SchedulerJobRunner._executable_task_instances_to_queued`: rows by weight, logical date and map
index, `max_tis_per_query` at a time, pools and tasks that are full left out of the next round.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf

from polyaxon_airflow.keeper.accounts import Ended
from polyaxon_airflow.keeper.database import FIRST
from polyaxon_airflow.keeper.keeper import Keeper
from polyaxon_airflow.queues.pools import pool_of
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.snapshot import Snapshot, Task
from polyaxon_airflow.queues.weights import at_creation, is_next

MAX_TIS_PER_QUERY = 16


@dataclass
class Instance:
    """A task instance, how long it runs, and `max_active_tis_per_dagrun` of its task."""

    task: Task
    seconds: float
    limit: float = inf
    start: float | None = None
    end: float | None = None


@dataclass
class Airflow:
    """Time goes in steps of a quarter of a second, about a loop of the scheduler; the keeper looks once a second."""

    queues: str
    parallelism: float = inf
    with_keeper: bool = True
    now: float = 0.0
    instances: dict[str, Instance] = field(default_factory=dict)
    writes: int = 0

    def __post_init__(self):
        self.read = read_queues(self.queues)
        self.pools = {place.pool: pool_of(place) for place in self.read.places}
        self.restart_keeper()

    def restart_keeper(self):
        self.keeper = Keeper(self.read)

    def add(self, dag, count=1, seconds=10.0, pool="lab.gpu", *, limit=inf, slots=1, owner="", mapped=True):
        """A run of a DAG with one task, scheduled now. `seconds` may be a function of the map index."""
        for index in range(count):
            task = Task(f"{dag}.{index}", pool, dag, f"run of {dag}", "trial", index if mapped else -1, slots=slots,
                        weight=at_creation(index), since=self.now, run_at=self.now, owner=owner)  # fmt: skip
            self.instances[task.id] = Instance(task, seconds(index) if callable(seconds) else seconds, limit)

    def run(self, seconds):
        until = self.now + seconds
        while self.now < until:
            self._end()
            if self.with_keeper and self.now % 1 == 0:
                self._look()
            self._schedule()
            self.now += 0.25

    def clear(self, key):
        """As a user clears a task: it waits again, with the weight of its creation."""
        old = self.instances[key]
        task = replace(old.task, state="waiting", weight=at_creation(old.task.map_index), since=self.now)
        self.instances[key] = Instance(task, old.seconds, old.limit)

    def shares(self, since, until=None):
        """Shares of the slot-seconds by DAG."""
        until = self.now if until is None else until
        used = Counter()
        for each in self.instances.values():
            if each.start is not None:
                end = self.now if each.end is None else each.end
                used[each.task.dag_id] += each.task.slots * max(0.0, min(end, until) - max(each.start, since))
        return {dag: seconds / used.total() for dag, seconds in used.items() if seconds}

    def starts(self, dag):
        return sorted(
            each.start
            for each in self.instances.values()
            if each.task.dag_id == dag and each.start is not None
        )

    def running(self, **where):
        return [i for i in self.instances.values() if i.task.state == "running" and i.end is None
                and all(getattr(i.task, name) == value for name, value in where.items())]  # fmt: skip

    def waiting(self):
        return [i for i in self.instances.values() if i.task.state == "waiting"]

    def _end(self):
        for each in self.running():
            if each.start + each.seconds <= self.now:
                each.end = self.now

    def _look(self):
        snapshot = self._snapshot()
        ended = [
            Ended(key, (i.end - i.start) if i.end is not None else 0.0)
            for key in self.keeper.missing(snapshot)
            if (i := self.instances[key]).end is not None
        ]
        changes = self.keeper.look(snapshot, ended)
        for key, weight in changes.weights.items():
            self.instances[key].task = replace(self.instances[key].task, weight=weight)
        for pool, slots in changes.slots.items():
            self.pools[pool] = self.pools[pool]._replace(slots=slots)
        self.writes += len(changes.weights)

    def _snapshot(self):
        seen, wanted, tasks = Counter(), Counter(), [i.task for i in self.running()]
        for task in sorted((i.task for i in self.waiting()), key=lambda task: task.map_index):
            seen[task.sweep] += 1
            wanted[task.pool] += task.slots
            if seen[task.sweep] <= FIRST or is_next(task.weight):
                tasks.append(task)
        return Snapshot(self.now, dict(self.pools), tuple(tasks), wanted)

    def _schedule(self):
        """One pass of the scheduler's critical section."""
        free = {name: inf if p.slots < 0 else p.slots for name, p in self.pools.items()}
        active = Counter()
        for each in self.running():
            free[each.task.pool] -= each.task.slots
            active[each.task.dag_id] += 1
        limit = min(
            MAX_TIS_PER_QUERY,
            sum(max(0, slots) for slots in free.values()),
            self.parallelism - active.total(),
        )
        if limit <= 0:
            return
        full_pools, full_tasks = {name for name, slots in free.items() if slots <= 0}, set()
        order = sorted(self.waiting(), key=lambda i: (-i.task.weight, i.task.run_at, i.task.map_index))
        while True:
            left_out = (len(full_pools), len(full_tasks))
            rows = [i for i in order if i.task.pool not in full_pools and i.task.dag_id not in full_tasks][
                : int(limit)
            ]
            queued = [i for i in rows if self._may_start(i, free, active, full_pools, full_tasks)]
            if queued or len(rows) < limit or left_out == (len(full_pools), len(full_tasks)):
                return

    def _may_start(self, each, free, active, full_pools, full_tasks):
        task = each.task
        if free[task.pool] <= 0:
            full_pools.add(task.pool)
        elif task.slots > free[task.pool] or active[task.dag_id] >= each.limit:
            full_tasks.add(task.dag_id)
        else:
            free[task.pool] -= task.slots
            active[task.dag_id] += 1
            each.start, each.task = self.now, replace(task, state="running", since=self.now)
            return True
        return False
