"""Print the log of a run, which Airflow has: give --url, or --home of an Airflow that 'up' has started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.cli.runs import add_store_argument, opened, the_run
from polyaxon_airflow.errors import StoreError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuid", help="of the run; its first digits are enough where they are its alone")
    parser.add_argument("--try", dest="attempt", type=int, help="which try of its task (default: the last)")
    add_store_argument(parser)
    add_connection_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as store:
        found = the_run(store, arguments.uuid)
    if found.dag_id is None or found.dag_run_id is None or found.task_id is None:
        raise StoreError(f"run {found.uuid} is of no task of Airflow, so it has no log there")
    attempt = arguments.attempt or found.try_number
    print(
        connected(arguments).log(
            found.dag_id, found.dag_run_id, found.task_id, map_index=found.map_index, attempt=attempt
        )
    )
    return 0
