"""A workload replayed in virtual time, by the rules that order the tasks of a real Airflow."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.queues.lending import Demand, lent_slots, rank
from polyaxon_airflow.queues.lengths import Lengths
from polyaxon_airflow.queues.shares import FairQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from polyaxon_airflow.queues.lookup import Place
    from polyaxon_airflow.queues.shares import Path


@dataclass(frozen=True, slots=True)
class Job:
    """One task of a workload."""

    path: Path  # its flow: the pool first
    seconds: float
    at: float = 0.0  # when it comes, in seconds
    slots: int = 1
    concurrency: float = inf  # of its flow: how many of it run at once


class Started(NamedTuple):
    job: Job
    start: float  # seconds
    end: float


def simulate(
    jobs: Iterable[Job],
    places: Sequence[Place],
    *,
    weight: Callable[[Path], float] = lambda path: 1.0,  # noqa: ARG005
    parallelism: float = inf,
) -> list[Started]:
    """All jobs, as they would start; in the order of their starts.

    `parallelism`: tasks that Airflow runs at once, whatever their pools. A job with more slots than its pool would
    wait for ever and is left out, as `queues check` would refuse it.
    """
    return _Simulation(places, weight, parallelism).run(sorted(jobs, key=lambda job: job.at))


class _Simulation:
    def __init__(self, places: Sequence[Place], weight: Callable[[Path], float], parallelism: float) -> None:
        self.places = {place.pool: place for place in places}
        self.lends = any(place.parent_pool for place in places)
        self.free: float = parallelism
        self.slots = {pool: _capacity(place) for pool, place in self.places.items()}
        self.used: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.running: Counter[Path] = Counter()
        self.lengths = Lengths()
        # Tiers by priority, the highest first; within one, queues share by weight, and their flows below them.
        self.tiers: dict[float, FairQueue[Job]] = {
            tier: FairQueue(weight, self._round)
            for tier in sorted({rank(place) for place in places}, reverse=True)
        }
        self.tier_of = {pool: self.tiers[rank(place)] for pool, place in self.places.items()}
        self.held: set[str] = set()
        self.now = 0.0

    def run(self, jobs: list[Job]) -> list[Started]:
        coming = deque(job for job in jobs if job.slots <= _capacity(self.places[str(job.path[0])]))
        ends: list[tuple[float, int, Job, float]] = []
        done: list[Started] = []
        while coming or ends:
            self.now = min(coming[0].at if coming else inf, ends[0][0] if ends else inf)
            while ends and ends[0][0] <= self.now:
                _, _, job, expected = heappop(ends)
                self._end(job, expected)
            while coming and coming[0].at <= self.now:
                self._arrive(coming.popleft())
            for job in self._starts():
                end = self.now + job.seconds
                heappush(ends, (end, len(done), job, self.lengths.expect(job.path)))
                done.append(Started(job, self.now, end))
        return done

    def _arrive(self, job: Job) -> None:
        pool = str(job.path[0])
        self.waiting[pool] += job.slots
        self.tier_of[pool].push(job.path, job)

    def _starts(self) -> Iterable[Job]:
        if self.lends:
            demand = {pool: Demand(self.used[pool], self.waiting[pool]) for pool in self.places}
            self.slots.update(lent_slots(self.places.values(), demand))
        self.held.clear()
        while (job := self._next()) is not None:
            pool = str(job.path[0])
            self.waiting[pool] -= job.slots
            self.used[pool] += job.slots
            self.running[job.path] += 1
            self.free -= 1
            self.tier_of[pool].charge(job.path, job.slots * self.lengths.expect(job.path))
            yield job

    def _next(self) -> Job | None:
        if self.free <= 0:
            return None
        # The age bound matters only where queues compete for more than their own slots.
        checks = (self._has_waited_and_fits, self._fits) if self.free < inf else (self._fits,)
        for fits in checks:
            for fair in self.tiers.values():
                found = fair.take(fits, self._has_room)
                if found:
                    return found[1]
        return None

    def _has_room(self, path: Path) -> bool:
        return len(path) > 1 or (
            self.used[str(path[0])] < self.slots[str(path[0])] and path[0] not in self.held
        )

    def _fits(self, job: Job) -> bool:
        pool = str(job.path[0])
        if pool in self.held or self.running[job.path] >= job.concurrency:
            return False
        fits = self.used[pool] + job.slots <= self.slots[pool]
        if not fits and self._has_waited(job):
            self.held.add(pool)  # slots are kept free for a big job that has waited long enough
        return fits

    def _has_waited_and_fits(self, job: Job) -> bool:
        return self._has_waited(job) and self._fits(job)

    def _has_waited(self, job: Job) -> bool:
        return self.now - job.at > self.places[str(job.path[0])].queue.max_wait

    def _round(self, path: Path) -> float:
        """Slot-seconds of a pool in one task's length: what a flow that was held back may catch up."""
        return self.slots[str(path[0])] * self.lengths.expect(path[:1])

    def _end(self, job: Job, expected: float) -> None:
        pool = str(job.path[0])
        self.used[pool] -= job.slots
        self.running[job.path] -= 1
        self.free += 1
        fair = self.tier_of[pool]
        fair.charge(job.path, job.slots * (job.seconds - expected))
        fair.end(job.path)
        self.lengths.learn(job.path, job.seconds)


def _capacity(place: Place) -> float:
    return inf if place.queue.slots < 0 else place.queue.slots
