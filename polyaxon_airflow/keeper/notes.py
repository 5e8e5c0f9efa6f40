"""Notes on waiting tasks, so that Airflow's UI says why they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.queues.reasons import why_waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.snapshot import Snapshot, Task

MARK = "Waiting: "  # a note that begins so is ours, and only such a note is ever overwritten
PATIENCE = 30.0  # seconds that a task waits without a note
INTERVAL = 60.0  # seconds between two rounds of notes


class Notes:
    """Writes a round of notes now and then: on the tasks that start next, and on the first one of every sweep."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._round = 0.0
        self._written: dict[str, tuple[float, str]] = {}  # since when the task waits, and what its note says

    def are_due(self, snapshot: Snapshot) -> bool:
        """Whether it is time for a round, and somebody waits."""
        return snapshot.now - self._round >= INTERVAL and any(
            _waits(task, snapshot) for task in snapshot.tasks
        )

    def waiting(
        self, snapshot: Snapshot, following: Collection[str], used: Mapping[Path, float]
    ) -> dict[str, str]:
        """The notes of a round, by task id. `following`: the tasks that start next; `used`: as in `why_waiting`."""
        self._round = snapshot.now
        noted = {task.id for task in _first_of_each_sweep(snapshot)}.union(following)
        said = {}
        for task in snapshot.tasks:
            if task.id in noted and _waits(task, snapshot):
                text = MARK + why_waiting(task, snapshot, self._queues, used)
                if self._written.get(task.id) != (task.since, text):
                    said[task.id] = text
                self._written[task.id] = (task.since, text)
        return said

    def started(self, snapshot: Snapshot) -> dict[str, str]:
        """Last words on tasks that had a note and have started."""
        said = {}
        for task in snapshot.tasks:
            if task.state == "running" and task.id in self._written:
                since, _ = self._written[task.id]
                place = self._queues.pools()[task.pool]
                said[task.id] = f"{MARK}{_duration(task.since - since)} in queue {place.name}"
        still = {task.id for task in snapshot.tasks if task.state == "waiting"}
        self._written = {key: note for key, note in self._written.items() if key in still}
        return said


def _waits(task: Task, snapshot: Snapshot) -> bool:
    return task.state == "waiting" and snapshot.now - task.since >= PATIENCE


def _first_of_each_sweep(snapshot: Snapshot) -> Iterable[Task]:
    first: dict[tuple[str, str, str], Task] = {}
    for task in sorted(snapshot.tasks, key=lambda task: task.place):
        if task.state == "waiting":
            first.setdefault(task.sweep, task)
    return first.values()


def _duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> _duration(42.4), _duration(250), _duration(7322)
    ('42 s', '4 min 10 s', '2 h 2 min')
    """
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
