"""Check polyaxonfiles: everything that is wrong in all of them, with its place and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.checking import check
from polyaxon_airflow.cli import reports

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a polyaxonfile, or a folder of them"
    )
    parser.add_argument(
        "--format", choices=sorted(reports.FORMATS), default="text", help="how to write the result"
    )
    parser.add_argument("--strict", action="store_true", help="warnings make a file invalid too")
    parser.add_argument(
        "--root",
        type=Path,
        help="the dags folder, which references cannot leave; by default the "
        "folder that is checked, or the working directory",
    )


def run(arguments: argparse.Namespace) -> int:
    results = check(arguments.paths, root=arguments.root, strict=arguments.strict)
    print(reports.FORMATS[arguments.format](results), end="")
    return 0 if all(result.is_valid for result in results) else 1
