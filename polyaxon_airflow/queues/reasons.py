"""Why a task waits, in one sentence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyaxon_airflow.queues.lookup import Place, Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.snapshot import Snapshot, Task

SHOWN = 3  # flows that a sentence names


def why_waiting(
    task: Task, snapshot: Snapshot, queues: Queues, used: Mapping[Path, float] | None = None
) -> str:
    """Why this task of the snapshot waits.

    `used`: slot-seconds of the last hour by flow, if one knows them.

    >>> why_waiting(task, snapshot, queues)  # doctest: +SKIP
    "3rd in queue lab/gpu: 4 of 4 slots are taken by a (2) and b (2); your share is 33 %"
    """
    place = queues.pools()[task.pool]
    pool = snapshot.pools.get(task.pool)
    if pool is None:
        return f"queue {place.name} has no pool yet: run 'polyaxon-airflow queues apply'"
    if 0 <= pool.slots < task.slots <= place.queue.slots:
        return f"queue {place.name} has {pool.slots} slots at the moment; this task needs {task.slots}"
    if 0 <= place.queue.slots < task.slots:
        return (
            f"it can never start: it needs {task.slots} slots, and queue {place.name} has {place.queue.slots}"
        )
    position = ordinal(1 + order(snapshot, task.pool).index(task.id))
    head = f"{position} in queue {place.name}: {_taken(task.pool, snapshot, queues)}"
    return "; ".join([head, *_share(task, snapshot, queues, place, used)])


def order(snapshot: Snapshot, pool: str) -> list[str]:
    """Ids of the tasks that wait in a pool, in the order in which Airflow would start them."""
    waiting = [task for task in snapshot.tasks if task.pool == pool and task.state == "waiting"]
    return [task.id for task in sorted(waiting, key=lambda task: (-task.weight, task.run_at, task.map_index))]


def shares(paths: Iterable[Path], queues: Queues) -> dict[Path, float]:
    """The part of their queue that each of these flows is due, while all of them want more."""
    flows = set(paths)
    prefixes = {path[:depth] for path in flows for depth in range(2, len(path) + 1)}
    due: dict[Path, float] = {}
    for prefix in sorted(prefixes, key=len):
        siblings = [other for other in prefixes if other[:-1] == prefix[:-1]]
        part = queues.weight(prefix) / sum(queues.weight(other) for other in siblings)
        due[prefix] = part * due.get(prefix[:-1], 1.0)
    return {path: due[path] for path in flows}


def flow_name(path: Path) -> str:
    """A flow as people speak of it: a DAG, with the sweep if the DAG has several, or an owner's DAG.

    >>> flow_name(("lab.gpu", "ann", ("tune", "manual__1", "sweep")))
    'ann: tune.sweep'
    """
    *owners, last = path[1:]
    dag_id, _, sweep = cast("tuple[str, str, str]", last)
    name = f"{dag_id}.{sweep}" if sweep not in ("", dag_id) else dag_id
    return ": ".join([*map(str, owners), name])


def ordinal(number: int) -> str:
    """A place in a row.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '102nd', '111th']
    """
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _taken(pool: str, snapshot: Snapshot, queues: Queues) -> str:
    slots = snapshot.pools[pool].slots
    held: Counter[str] = Counter()
    for task in snapshot.tasks:
        if task.pool == pool and task.state == "running":
            held[flow_name(task.flow(queues.fairness(queues.pools()[pool])))] += task.slots
    used = held.total()
    if slots < 0:
        return f"it has no limit and {used} run, so Airflow's own parallelism is exhausted"
    if used < slots:
        return f"{slots - used} of {slots} slots are free, so it is held back by its own concurrency or by Airflow's"
    return f"{used} of {slots} slots are taken by {_listed(held.most_common())}"


def _listed(held: Sequence[tuple[str, int]]) -> str:
    names = [f"{name} ({count})" for name, count in held[:SHOWN]]
    if len(held) > SHOWN:
        names.append(f"{len(held) - SHOWN} others ({sum(count for _, count in held[SHOWN:])})")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _share(
    task: Task, snapshot: Snapshot, queues: Queues, place: Place, used: Mapping[Path, float] | None
) -> list[str]:
    fairness = queues.fairness(place)
    path = task.flow(fairness)
    due = shares((other.flow(fairness) for other in snapshot.tasks if other.pool == task.pool), queues)
    text = f"your share is {due[path]:.0%}"
    total = sum(seconds for flow, seconds in (used or {}).items() if flow[0] == task.pool)
    if used is not None and total:
        text += f", of the last hour you had {used.get(path, 0.0) / total:.0%}"
    return [text]
