"""Add up what runs have cost: the `cost` of the operation or its preset, an amount an hour, times the hours."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from polyaxon_airflow.cli.runs import add_format_argument, add_store_argument, opened
from polyaxon_airflow.cli.runs.shown import as_json
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from polyaxon_airflow.store.costs import CostSum

KEYS = ("queue", "owner", "project", "user", "agent", "dag")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=KEYS, default="queue", help="whose costs to add up (default: queue)")
    parser.add_argument(
        "--since", type=_ago, metavar="AGE", help="leave out runs that ended before: 12h, 7d or 4w ago"
    )
    add_format_argument(parser)
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    from polyaxon_airflow.store.costs import cost_sums

    now = datetime.now(timezone.utc)
    since = now - arguments.since if arguments.since else None
    with opened(arguments) as store:
        sums = cost_sums(store.database, arguments.by, now=now, since=since)
    if arguments.format == "json":
        print(as_json([{arguments.by: each.name, **_numbers(each)} for each in sums]))
    else:
        print(table([arguments.by, *CELLS], [[each.name or "-", *_numbers(each).values()] for each in sums]))
    return 0


CELLS = ("runs", "hours", "cost")


def _numbers(each: CostSum) -> dict[str, float]:
    return {"runs": each.runs, "hours": round(each.hours, 2), "cost": round(each.cost, 4)}


def _ago(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([hdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age such as 12h, 7d or 4w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
