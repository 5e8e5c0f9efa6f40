"""Let a watch begin again: what is there at its next poll is not new to it."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

from polyaxon_airflow.cli.events.ls import store_of
from polyaxon_airflow.clock import now
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.watching.following import begin_again
from polyaxon_airflow.watching.overview import overview

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", help="as `events ls` shows it")
    parser.add_argument("--store", help="URL of the run store (default: the one of Airflow's configuration)")


def run(arguments: argparse.Namespace) -> int:
    with store_of(arguments.store) as store:
        if not begin_again(store, arguments.watch, now()):
            known = [line.watch for line in overview(store)]
            close = get_close_matches(arguments.watch, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known) or 'none'}."
            raise PolyaxonAirflowError(f"nothing watches '{arguments.watch}'. {hint}")
    sys.stdout.write(f"{arguments.watch} begins again\n")
    return 0
