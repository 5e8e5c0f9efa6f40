"""What is watched: the last poll and the next one, the last event, who has started runs for it, what is wrong."""

from __future__ import annotations

import json
import sys
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.clock import now
from polyaxon_airflow.schedules.times import span_text
from polyaxon_airflow.watching.overview import Line, overview

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import datetime

CURSOR_SHOWN = 100  # characters


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


def texts(line: Line, moment: datetime) -> Iterator[str]:
    """The lines that a person sees at a moment."""
    yield line.watch
    if line.polled_at is not None:
        following = f", next {_when(line.next_poll_at, moment)}" if line.next_poll_at else ""
        yield f"  polled {_when(line.polled_at, moment)}{following}"
    if line.last is not None:
        yield f"  {_count(line.events)}, the last {_when(line.last.at, moment)}: {line.last.label}"
    elif line.polled_at is not None:
        yield "  no event yet"
    if line.cursor is not None:
        yield f"  cursor: {shorten(json.dumps(line.cursor), CURSOR_SHOWN, placeholder=' ...')}"
    for dag_id, behind in line.waiting.items():
        yield f"  {dag_id}: {f'{_count(behind)} without a run yet' if behind else 'a run for each'}"
    if line.error:
        yield f"  error: {line.error}"


def _count(events: int) -> str:
    return "1 event" if events == 1 else f"{events} events"


def _when(moment: datetime, present: datetime) -> str:
    seconds = round((present - moment).total_seconds())
    if abs(seconds) < 1:
        return "now"
    length = span_text(abs(present.replace(microsecond=0) - moment.replace(microsecond=0)))
    return f"{length} ago" if seconds > 0 else f"in {length}"


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
