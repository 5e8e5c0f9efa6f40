"""Make Airflow's pools as the queues file wants them, after printing what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.cli.queues.live import pools_of
from polyaxon_airflow.queues.pools import PoolChange, pool_changes
from polyaxon_airflow.queues.reading import read_queues

if TYPE_CHECKING:
    import argparse

    from polyaxon_airflow.rest import AirflowClient


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)
    add_connection_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what differs, and change nothing")


def run(arguments: argparse.Namespace) -> int:
    queues = read_queues(arguments.file)
    client = connected(arguments)
    changes = pool_changes(queues, *pools_of(client))
    for change in changes:
        print(change)
    if not changes:
        print("nothing to do")
    elif not arguments.dry_run:
        for change in changes:
            _apply(client, change)
        print(f"{sum(change.action != 'keep' for change in changes)} changed")
    return 0


def _apply(client: AirflowClient, change: PoolChange) -> None:
    path = f"/pools/{quote(change.pool, safe='')}"
    wanted = change.after._asdict() if change.after else {}
    if change.action == "create":
        client.post("/pools", {"name": change.pool, **wanted})
    elif change.action == "update":
        client.patch(path, {"pool": change.pool, **wanted})
    elif change.action == "delete":
        client.delete(path)
