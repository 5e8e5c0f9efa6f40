"""What is watched: the last poll and the next one, the last event, who has started runs for it, what is wrong."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.clock import now
from polyaxon_airflow.watching.overview import overview, texts

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from polyaxon_airflow.watching.overview import Line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", help="URL of the run store (default: the one of Airflow's configuration)")
    parser.add_argument("--json", action="store_true", help="as JSON, with the cursors in full")


def run(arguments: argparse.Namespace) -> int:
    with store_of(arguments.store) as store:
        lines = overview(store)
    if arguments.json:
        sys.stdout.write(json.dumps([_plain(line) for line in lines], indent=2) + "\n")
    else:
        moment = now()
        sys.stdout.write(
            "".join(f"{text}\n" for line in lines for text in texts(line, moment)) or "nothing is watched\n"
        )
    return int(any(line.error for line in lines))


def store_of(url: str | None) -> Any:
    """The run store at a URL, or that of Airflow's configuration."""
    if url:
        from polyaxon_airflow.store import open_store

        return open_store(url)
    from polyaxon_airflow.configuration import run_store

    return run_store()


def _plain(line: Line) -> dict[str, Any]:
    return {
        "watch": line.watch,
        "polled_at": _iso(line.polled_at),
        "next_poll_at": _iso(line.next_poll_at),
        "events": line.events,
        "last": None
        if line.last is None
        else {"label": line.last.label, "at": _iso(line.last.at), **line.last.data},
        "waiting": dict(line.waiting),
        "cursor": line.cursor,
        "error": line.error,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
