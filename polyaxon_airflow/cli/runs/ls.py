"""List the runs of a query, the last updated first."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.runs import add_format_argument, add_query_arguments, add_store_argument, opened
from polyaxon_airflow.cli.runs.shown import as_json, cell, column, duration, plain
from polyaxon_airflow.store.query.fields import find_field
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from polyaxon_airflow.store import Run
    from polyaxon_airflow.store.query.fields import Field

HEAD = ("uuid", "name", "status", "created", "took")
_VALUES = re.compile(r"\b(?:metrics|params|inputs|in|outputs|out|meta_values|meta_info|meta_flags)\.[\w-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_query_arguments(parser, limit=20)
    parser.add_argument(
        "--columns", default="", help="more fields to show, for example 'metrics.loss,params.lr'; those of "
        "the query and the sort are shown anyway",
    )  # fmt: skip
    add_format_argument(parser)
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    now = datetime.now(timezone.utc).astimezone()
    extra = {name: find_field(name, name, 0) for name in _extra_columns(arguments)}
    with opened(arguments) as store:
        runs = store.runs.find(
            arguments.query,
            at=now,
            sort=arguments.sort,
            limit=arguments.limit,
            offset=arguments.offset,
            project=arguments.project,
        )
        count = store.runs.count(arguments.query, at=now, project=arguments.project)
    if arguments.format == "json":
        print(as_json({"count": count, "runs": [plain(run) for run in runs]}))
    else:
        print(table([*HEAD, *extra], [_row(run, extra.values()) for run in runs]))
        print(f"  {len(runs)} of {count} run{'' if count == 1 else 's'}")
    return 0


def _extra_columns(arguments: argparse.Namespace) -> list[str]:
    """The values that were asked for, each once, in the order they were."""
    named = [name.strip() for name in arguments.columns.split(",") if name.strip()]
    asked = _VALUES.findall(f"{arguments.sort or ''} {arguments.query or ''}")
    return list(dict.fromkeys([*named, *asked]))


def _row(run: Run, extra: Iterable[Field]) -> list[Any]:
    return [
        run.uuid,
        run.name,
        run.status,
        cell(run.created_at),
        duration(run.duration),
        *(cell(column(run, field)) for field in extra),
    ]
