"""Runs: list those of a query, look at one, read its log, compare several, go on from one, take one out of the cache."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.cli.groups import add_commands, run_command
from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import is_single_machine, open_store

if TYPE_CHECKING:
    import argparse

    from polyaxon_airflow.store import Run, RunStore

COMMANDS = ("ls", "get", "logs", "compare", "cost", "resume", "restart", "copy", "invalidate")
_STORE = "AIRFLOW__POLYAXON__STORE_URL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_commands(parser, __name__, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_command(__name__, arguments)


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """`--store`: where the runs are."""
    parser.add_argument(
        "--store",
        metavar="URL",
        default=os.environ.get(_STORE),
        help=f"the run store (default: ${_STORE}, else what Airflow's configuration says)",
    )


def add_query_arguments(parser: argparse.ArgumentParser, limit: int) -> None:
    """`--query`, `--sort`, `--limit`, `--offset` and `--project`."""
    parser.add_argument(
        "-q", "--query", help="which runs, for example 'status:succeeded, metrics.loss:<0.1' (docs/store.md)"
    )
    parser.add_argument(
        "--sort", help="by which fields, for example '-metrics.acc,name' (default: -updated_at)"
    )
    parser.add_argument(
        "--limit", type=_count, default=limit, help="how many runs at most (default: %(default)s)"
    )
    parser.add_argument("--offset", type=_count, default=0, help="how many runs to pass over")
    parser.add_argument("--project", help="only runs of this project")


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="how to write the result"
    )


def opened(arguments: argparse.Namespace) -> RunStore:
    """The store of the arguments. Raises StoreError if it is not there: reading makes none."""
    url = arguments.store
    if url is None:
        from polyaxon_airflow.configuration import store_url  # imports Airflow, which takes seconds

        url = store_url()
    path = Path(url.partition("///")[2])
    if is_single_machine(url) and not path.exists():
        raise StoreError(f"there is no run store at {path}; it is made when a first run begins")
    return open_store(url)


def the_run(store: RunStore, text: str) -> Run:
    """The run of a uuid, or of its first digits. Raises StoreError if there is none, or more than one."""
    digits = text.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{1,32}", digits):
        raise StoreError(f"a run is named by its uuid, 32 hex digits or the first of them, not by {text!r}")
    found = store.runs.named(digits)
    if len(found) == 1 and (run := store.runs.get(found[0])) is not None:
        return run
    if not found:
        raise StoreError(f"no run's uuid begins with {digits}")
    raise StoreError(f"{len(found)} or more runs begin with {digits}, among them {' and '.join(found)}")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
