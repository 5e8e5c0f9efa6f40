"""What each flow has had: the service that fair order goes by."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.queues.lengths import Lengths
from polyaxon_airflow.queues.shares import FairQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.snapshot import Snapshot, Task

UNLIMITED = 64  # slots that one reckons with where a pool has no limit


class Ended(NamedTuple):
    """A task that no longer waits and no longer holds slots."""

    id: str
    seconds: float  # that it held them; 0 if it never did


@dataclass
class _Holding:
    """A task that holds slots, and the seconds that its flow has been charged for it so far."""

    task: Task
    path: Path
    seconds: float


class Accounts:
    """Follows the tasks of all pools from one snapshot to the next.

    Nothing of it is kept when the process ends: flows that compete are never more than about one task apart, so new
    accounts are as good as the old ones.
    """

    def __init__(self, queues: Queues) -> None:
        self.fair: FairQueue[Task] = FairQueue(queues.weight, self._round)
        self.lengths = Lengths()
        # Slots that a flow held when others were started before it: a limit of its own, as it seems.
        self.limits: dict[Path, int] = {}
        self._queues = queues
        self._slots: dict[str, int] = {}
        self._holding: dict[str, _Holding] = {}
        self._waiting: dict[str, Task] = {}
        self._known = False

    def missing(self, snapshot: Snapshot) -> list[str]:
        """Ids of tasks that were in the last snapshot and are not in this one."""
        present = {task.id for task in snapshot.tasks}
        return [key for key in (*self._holding, *self._waiting) if key not in present]

    def update(self, snapshot: Snapshot, ended: Iterable[Ended], order: Sequence[str]) -> Counter[str]:
        """Take a snapshot in; how many slots' worth of tasks have started in each pool since the last one.

        `ended`: what has become of the `missing`. `order`: the ids of waiting tasks in the order that they had.
        """
        self._slots = {name: pool.slots for name, pool in snapshot.pools.items()}
        before = self.held()
        started = {task.id: task for task in self._ended(ended)}
        for task in snapshot.tasks:
            if task.state == "running":
                if self._runs(task, snapshot.now):
                    started[task.id] = task
            elif task.id in self._holding:  # it is tried again
                self._release(task.id, self._holding[task.id].seconds)
        self._learn_limits(order, started, before | self.held())
        self._wait([task for task in snapshot.tasks if task.state == "waiting"])
        starts = Counter[str]()
        for task in started.values() if self._known else ():
            starts[task.pool] += task.slots
        self._known = True
        return starts

    def path(self, task: Task) -> Path:
        """The flow of a task."""
        place = self._queues.pools()[task.pool]
        return task.flow(self._queues.fairness(place))

    def held(self) -> Counter[Path]:
        """Slots that each flow holds."""
        held: Counter[Path] = Counter()
        for holding in self._holding.values():
            held[holding.path] += holding.task.slots
        return held

    def _ended(self, ended: Iterable[Ended]) -> Iterable[Task]:
        for key, seconds in ended:
            if key in self._holding:
                self._release(key, seconds)
            elif seconds and key in self._waiting:  # it came and went between two looks
                task = self._waiting[key]
                self._hold(task)
                self._release(key, seconds)
                yield task

    def _runs(self, task: Task, now: float) -> bool:
        """Charge a running task what it has used; whether it has just started."""
        is_new = task.id not in self._holding
        if is_new:
            self._hold(task)
        holding = self._holding[task.id]
        over = now - task.since - holding.seconds
        if over > 0:
            self._charge(holding, over)
        return is_new

    def _hold(self, task: Task) -> None:
        holding = self._holding[task.id] = _Holding(task, self.path(task), 0.0)
        self.fair.start(holding.path)
        self._charge(holding, self.lengths.expect(holding.path))

    def _release(self, key: str, seconds: float) -> None:
        holding = self._holding.pop(key)
        self._charge(holding, seconds - holding.seconds)
        self.lengths.learn(holding.path, seconds)
        self.fair.end(holding.path)

    def _charge(self, holding: _Holding, seconds: float) -> None:
        holding.seconds += seconds
        self.fair.charge(holding.path, holding.task.slots * seconds)

    def _learn_limits(self, order: Sequence[str], started: Mapping[str, Task], held: Counter[Path]) -> None:
        """Flows that were passed over cannot start more; `held`: the most that they held since the last look."""
        flows = {self.path(task) for task in self._waiting.values()}
        self.limits = {path: n for path, n in self.limits.items() if held[path] <= n and path in flows}
        # Pools in which a task behind this one has started: at first, one that was in no order yet.
        behind = {task.pool for key, task in started.items() if key not in order}
        for key in reversed(order):
            if key in started:
                behind.add(started[key].pool)
            elif key in self._waiting and self._waiting[key].pool in behind:
                path = self.path(self._waiting[key])
                self.limits[path] = held[path]

    def _wait(self, tasks: Iterable[Task]) -> None:
        waiting: dict[Path, list[Task]] = defaultdict(list)
        for path in {self.path(task) for task in self._waiting.values()}:
            waiting[path] = []
        for task in tasks:
            waiting[self.path(task)].append(task)
        for path, those in waiting.items():
            self.fair.set_waiting(path, sorted(those, key=lambda task: task.place))
        self._waiting = {task.id: task for those in waiting.values() for task in those}

    def _round(self, path: Path) -> float:
        """Slot-seconds of a pool in one task's length: what a flow that was held back may catch up."""
        slots = self._slots.get(str(path[0]), -1)
        return (UNLIMITED if slots < 0 else max(slots, 1)) * self.lengths.expect(path[:1])
