"""Check polyaxonfiles: everything that is wrong in all of them, with its place and what to write instead."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.checking import Known, check, dags_folder
from polyaxon_airflow.cli import reports
from polyaxon_airflow.cli.deployed import catalogue_of, deployment_for, queues_of
from polyaxon_airflow.errors import Fault, FaultsError, QueryError
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.polyaxonfile import presets
from polyaxon_airflow.polyaxonfile.recognise import HEAD, looks_like_polyaxonfile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=_existing, metavar="PATH", help="a polyaxonfile, or a folder of them"
    )
    parser.add_argument(
        "--format", choices=sorted(reports.FORMATS), default="text", help="how to write the result"
    )
    parser.add_argument(
        "--only-polyaxonfiles",
        action="store_true",
        help="leave out files that are none, also when they are named",
    )
    parser.add_argument("--strict", action="store_true", help="warnings make a file invalid too")
    parser.add_argument(
        "--root",
        type=Path,
        help="the dags folder, which references cannot leave; by default the nearest one that is called dags, or "
        "has presets, components, queues.yaml or connections.yaml",
    )
    parser.add_argument(
        "--queues", type=Path, help="the queues file, by default queues.yaml in the dags folder"
    )
    parser.add_argument(
        "--connections",
        type=Path,
        help="the connections file, by default connections.yaml in the dags folder",
    )


def run(arguments: argparse.Namespace) -> int:
    paths = [path for path in arguments.paths if not arguments.only_polyaxonfiles or _is_one(path)]
    results = check(paths, root=arguments.root, strict=arguments.strict, known=_known(arguments))
    print(reports.FORMATS[arguments.format](results), end="")
    return 0 if all(result.is_valid for result in results) else 1


def _existing(text: str) -> Path:
    """A path that is there; else the command was called wrongly, which is no fault of a file."""
    path = Path(text)
    if not path.exists():
        raise ArgumentTypeError(f"there is no file or folder {text}")
    return path


def _is_one(path: Path) -> bool:
    return path.is_dir() or looks_like_polyaxonfile(path.read_bytes()[:HEAD])


def _known(arguments: argparse.Namespace) -> Known:
    root = arguments.root or dags_folder(arguments.paths[0])
    names = presets.preset_names(root) if (root / presets.FOLDER).is_dir() else None
    queues, connections = queues_of(root, arguments.queues), catalogue_of(root, arguments.connections)

    def refusals(file: Path, around: Path) -> tuple[Fault, ...]:
        try:
            plan_file(file, around, deployment=deployment_for(file, around, queues, connections))
        except FaultsError as error:
            return error.faults
        return ()

    planned = refusals if queues is not None else None
    return Known(presets=names, queues=queues, connections=connections, query=query_errors, refusals=planned)


def query_errors(query: str, sort: str | None) -> Iterator[tuple[str, QueryError]]:
    """What is wrong with the query and the sort of a join."""
    from polyaxon_airflow.store.query import parse_query, parse_sort

    try:
        parse_query(query, datetime.now(timezone.utc))
    except QueryError as error:
        yield "query", error
    try:
        parse_sort(sort) if sort else ()
    except QueryError as error:
        yield "sort", error
