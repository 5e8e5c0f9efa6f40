"""Check the queues file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.queues.reading import read_queues

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from polyaxon_airflow.queues.lookup import Queues


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)
    parser.add_argument(
        "--parallelism", type=int, help="[core] parallelism of the Airflow that will have these queues"
    )


def run(arguments: argparse.Namespace) -> int:
    queues = read_queues(arguments.file)
    for warning in warnings(queues, arguments.parallelism):
        print(f"warning: {warning}")
    count = len(queues.places)
    print(f"{arguments.file}: {count} queue{'s' if count != 1 else ''}: {', '.join(queues.names())}")
    return 0


def warnings(queues: Queues, parallelism: int | None) -> Iterator[str]:
    """What is allowed and will hurt."""
    total = sum(place.queue.slots for place in queues.places if place.queue.slots > 0)
    if parallelism is not None and total >= parallelism:
        yield (
            f"the queues have {total} slots and Airflow runs {parallelism} tasks at once: "
            "they can leave nothing to other DAGs. Raise [core] parallelism"
        )
