"""What came out of a simulated workload: who had what, against what was due."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyaxon_airflow.queues.reasons import flow_name, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.simulation import Job, Started


@dataclass
class FlowOutcome:
    """How a sweep fared. Times in seconds; services in slot-seconds, of the time in which it had tasks waiting."""

    queue: str
    tasks: int = 0
    waited: float = 0.0  # all tasks together
    longest_wait: float = 0.0
    end: float = 0.0
    had: float = 0.0
    due: float = 0.0  # by weight, among those that had tasks waiting too


@dataclass
class Outcome:
    """How a workload went."""

    flows: dict[str, FlowOutcome] = field(default_factory=dict)
    idle: dict[str, float] = field(
        default_factory=dict
    )  # by queue: the part of its slots that was free while tasks waited
    seconds: float = 0.0


def outcome_of(started: Sequence[Started], queues: Queues) -> Outcome:
    """Add up all starts of a simulation."""
    books = _Books(queues)
    for now, change, job in sorted(_events(started), key=lambda event: event[:2]):
        books.enter(now, change, job)
    for job, start, end in started:
        flow = books.flow(job.path)
        flow.tasks += 1
        flow.waited += start - job.at
        flow.longest_wait = max(flow.longest_wait, start - job.at)
        flow.end = max(flow.end, end)
    flows = {flow_name(path): flow for path, flow in books.flows.items()}
    return Outcome(flows, books.idle(), max((each.end for each in started), default=0.0))


ENDS, ARRIVES, STARTS = range(3)  # in the order in which they count at the same moment


def _events(started: Iterable[Started]) -> Iterator[tuple[float, int, Job]]:
    for job, start, end in started:
        yield job.at, ARRIVES, job
        yield start, STARTS, job
        yield end, ENDS, job


class _Books:
    """What stands still between two events is added up at the second one."""

    def __init__(self, queues: Queues) -> None:
        self.flows: dict[Path, FlowOutcome] = {}
        self._queues = queues
        self._waiting: Counter[Path] = Counter()  # tasks
        self._held: Counter[Path] = Counter()  # slots
        self._since: dict[Path, float] = {}  # of flows, and of pools as paths of one step
        self._due: dict[str, dict[Path, float]] = {}
        self._due_since: dict[str, float] = {}
        self._used: defaultdict[str, float] = defaultdict(float)  # slot-seconds while tasks waited, by pool
        self._there: defaultdict[str, float] = defaultdict(float)

    def enter(self, now: float, change: int, job: Job) -> None:
        pool = str(job.path[0])
        had_waiting = self._waiting[job.path] > 0
        self._settle_flow(job.path, now)
        self._settle_pool(pool, now)
        for path in (job.path, (pool,)):
            self._waiting[path] += (change == ARRIVES) - (change == STARTS)
            self._held[path] += job.slots * ((change == STARTS) - (change == ENDS))
        if had_waiting != (self._waiting[job.path] > 0):
            self._settle_due(pool, now)

    def flow(self, path: Path) -> FlowOutcome:
        if path not in self.flows:
            self.flows[path] = FlowOutcome(self._queues.pools()[str(path[0])].name)
        return self.flows[path]

    def idle(self) -> dict[str, float]:
        pools = self._queues.pools()
        return {
            pools[pool].name: 1 - self._used[pool] / there for pool, there in self._there.items() if there
        }

    def _settle_flow(self, path: Path, now: float) -> None:
        if self._waiting[path]:
            self.flow(path).had += (now - self._since[path]) * self._held[path]
        self._since[path] = now

    def _settle_pool(self, pool: str, now: float) -> None:
        if self._waiting[pool,]:
            seconds = now - self._since[pool,]
            self._used[pool] += seconds * self._held[pool,]
            self._there[pool] += seconds * self._slots(pool)
        self._since[pool,] = now

    def _settle_due(self, pool: str, now: float) -> None:
        for path, part in self._due.get(pool, {}).items():
            self.flow(path).due += (now - self._due_since[pool]) * part * self._slots(pool)
        waiting = [
            path for path, count in self._waiting.items() if count and len(path) > 1 and path[0] == pool
        ]
        self._due[pool], self._due_since[pool] = shares(waiting, self._queues), now

    def _slots(self, pool: str) -> int:
        return max(self._queues.pools()[pool].queue.slots, 0)
