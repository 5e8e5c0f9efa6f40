"""Watch the queues: slots, what waits, and each sweep's share against what it is due."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.cli.queues.live import snapshot
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.reasons import flow_name, shares
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    import argparse

    from polyaxon_airflow.queues.lookup import Place, Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.queues.snapshot import Snapshot

HEAD = ("queue", "slots", "used", "waiting", "sweep", "running", "waits", "share", "due")
CLEAR = "\033[H\033[2J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)
    add_connection_arguments(parser)
    parser.add_argument("--once", action="store_true", help="print once instead of until Ctrl-C")
    parser.add_argument("--interval", type=float, default=2.0, help="seconds between two looks (default: 2)")


def run(arguments: argparse.Namespace) -> int:
    queues, client = read_queues(arguments.file), connected(arguments)
    try:
        while True:
            shown = table(HEAD, rows(snapshot(client, queues), queues))
            print(f"{CLEAR if sys.stdout.isatty() and not arguments.once else ''}{shown}", flush=True)
            if arguments.once:
                return 0
            time.sleep(arguments.interval)
    except KeyboardInterrupt:
        return 0


def rows(now: Snapshot, queues: Queues) -> list[list[Any]]:
    """One row a queue and sweep; the queue's own numbers stand in its first row."""
    found: list[list[Any]] = []
    for place in queues.places:
        flows = _flows(place, now, queues)
        head = _queue(place, now)
        for name, *numbers in flows or [("", "", "", "", "")]:
            found.append([*head, name, *numbers])
            head = ["", "", "", ""]
    return found


def _queue(place: Place, now: Snapshot) -> list[str]:
    pool = now.pools.get(place.pool)
    used = sum(task.slots for task in now.tasks if task.pool == place.pool and task.state == "running")
    slots = "no pool" if pool is None else "no limit" if pool.slots < 0 else str(pool.slots)
    return [place.name, slots, str(used), str(now.waiting.get(place.pool, 0))]


def _flows(place: Place, now: Snapshot, queues: Queues) -> list[tuple[str, ...]]:
    held: Counter[Path] = Counter()
    waiting: Counter[Path] = Counter()
    for task in now.tasks:
        if task.pool == place.pool:
            (held if task.state == "running" else waiting)[task.flow(queues.fairness(place))] += task.slots
    due = shares(held.keys() | waiting.keys(), queues)
    return [
        (
            flow_name(path),
            str(held[path]),
            str(waiting[path]),
            _percent(held[path], held.total()),
            f"{due[path]:.0%}",
        )
        for path in sorted(due, key=lambda path: (-held[path], flow_name(path)))
    ]


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""
