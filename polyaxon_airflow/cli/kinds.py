"""List the kinds of matrix, run, schedule, ... that this installation knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.early_stopping import EARLY_STOPPING, POLICY
from polyaxon_airflow.matrix import MATRIX
from polyaxon_airflow.runtimes import RUNTIME
from polyaxon_airflow.schedules import SCHEDULE
from polyaxon_airflow.sections import types
from polyaxon_airflow.space import SPACE

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("section", nargs="?", help="show the kinds of this section only")


def run(arguments: argparse.Namespace) -> int:
    registries = {
        kinds.section: kinds.names() for kinds in (RUNTIME, MATRIX, SPACE, EARLY_STOPPING, POLICY, SCHEDULE)
    }
    registries["input"] = types.names()
    if arguments.section and arguments.section not in registries:
        print(f"no section '{arguments.section}' has kinds; known: {', '.join(registries)}")
        return 2
    for section, names in registries.items():
        if arguments.section in (None, section):
            print(f"{section}: {', '.join(names)}")
    return 0
