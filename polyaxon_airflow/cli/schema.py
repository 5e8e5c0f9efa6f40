"""Print the JSON Schema of polyaxonfiles, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from polyaxon_airflow.polyaxonfile.schema import json_schema

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--indent", type=int, default=2, help="spaces of indentation, by default 2")


def run(arguments: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=arguments.indent))
    return 0
