"""List the queues of the queues file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    import argparse

    from polyaxon_airflow.queues.lookup import Place, Queues

HEAD = ("queue", "pool", "concurrency", "priority", "weight", "quota", "shared by", "for")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    queues = read_queues(arguments.file)
    default = queues.place_of()
    rows = [_row(place, queues, is_default=place == default) for place in queues.places]
    print(table(HEAD, rows))
    print("  * where operations go that name no queue")
    return 0


def _row(place: Place, queues: Queues, *, is_default: bool) -> list[Any]:
    queue = place.queue
    allow = queue.allow.to_dict() if queue.allow else {}
    return [
        f"{place.name}{' *' if is_default else ''}",
        place.pool,
        "no limit" if queue.concurrency < 0 else str(queue.concurrency),
        "highest" if queue.priority < 0 else str(queue.priority),
        f"{queue.weight:g}",
        ", ".join(
            f"{name} {amount}" for name, amount in (queue.quota.to_dict() if queue.quota else {}).items()
        ),
        queues.fairness(place).by,
        "; ".join(f"{kind} {', '.join(names)}" for kind, names in allow.items()) or "all",
    ]
