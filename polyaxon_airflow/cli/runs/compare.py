"""Put runs side by side: the inputs and outputs in which they differ."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.runs import (
    add_format_argument,
    add_query_arguments,
    add_store_argument,
    opened,
    the_run,
)
from polyaxon_airflow.cli.runs.shown import as_json, cell, duration
from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyaxon_airflow.store import Run, RunStore

_SHORT = 8  # digits of a uuid


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuids", nargs="*", metavar="UUID", help="of the runs, or their first digits")
    add_query_arguments(parser, limit=5)
    parser.add_argument("--all", action="store_true", help="what is the same in all of them too")
    add_format_argument(parser)
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as store:
        runs = _runs(store, arguments)
    rows = {name: values for name, values in _rows(runs).items() if arguments.all or _differ(values)}
    if arguments.format == "json":
        print(as_json({"runs": [run.uuid for run in runs], "values": rows}))
    else:
        head = ["", *(run.uuid[:_SHORT] for run in runs)]
        print(table(head, [[name, *map(cell, values)] for name, values in rows.items()]))
    return 0


def _runs(store: RunStore, arguments: argparse.Namespace) -> list[Run]:
    if arguments.uuids:
        return [the_run(store, uuid) for uuid in arguments.uuids]
    if arguments.query is None:
        raise StoreError("which runs? Give their uuids, or a query with -q")
    return store.runs.find(
        arguments.query,
        at=datetime.now(timezone.utc).astimezone(),
        sort=arguments.sort,
        limit=arguments.limit,
        offset=arguments.offset,
        project=arguments.project,
    )


def _rows(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Each name with its values, a value a run."""
    rows: dict[str, list[Any]] = {
        "name": [run.name for run in runs],
        "status": [run.status for run in runs],
        "took": [duration(run.duration) for run in runs],
    }
    for section in ("inputs", "outputs"):
        names = dict.fromkeys(name for run in runs for name in getattr(run, section))
        rows |= {f"{section}.{name}": [getattr(run, section).get(name) for run in runs] for name in names}
    return rows


def _differ(values: Sequence[Any]) -> bool:
    return len({as_json(value) for value in values}) > 1
