"""Forget events that are older than some days; one that happens again then counts as new."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from polyaxon_airflow.clock import now

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=float, default=90, help="events of the last so many days are kept (default: 90)"
    )
    parser.add_argument("--store", help="URL of the run store (default: the one of Airflow's configuration)")


def run(arguments: argparse.Namespace) -> int:
    from polyaxon_airflow.cli.events.ls import store_of

    with store_of(arguments.store) as store:
        count = store.events.prune(before=now() - timedelta(days=arguments.days))
    sys.stdout.write(f"forgot {count} events\n")
    return 0
