"""Take a run's results out of the cache: the next run that is the same executes, and what waits for that event starts."""

from __future__ import annotations

import sys
from getpass import getuser
from typing import TYPE_CHECKING

from polyaxon_airflow.cli.runs import add_store_argument, opened, the_run
from polyaxon_airflow.clock import now

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuid", help="of the run; its first digits are enough where they are its alone")
    parser.add_argument("--by", metavar="NAME", default=_user(), help="who does it (default: %(default)s)")
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as store:
        found = the_run(store, arguments.uuid)
        store.cache.invalidate(found.uuid, by=arguments.by, at=now())
    sys.stdout.write(f"{found.uuid} ({found.name}) is invalidated\n")
    return 0


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return "somebody"
