"""Agents and queues: check the queues file, make its pools, watch them, ask why a task waits."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from polyaxon_airflow.cli.groups import add_commands, run_command

COMMANDS = ("check", "apply", "ls", "top", "why", "simulate", "render")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_commands(parser, __name__, COMMANDS)


def run(arguments: argparse.Namespace) -> int:
    return run_command(__name__, arguments)


def add_file_argument(parser: argparse.ArgumentParser) -> None:
    """`--file`: the queues file."""
    given = os.environ.get("AIRFLOW__POLYAXON__QUEUES_FILE")
    parser.add_argument(
        "--file",
        type=Path,
        default=Path(given) if given else _default_file(),
        help="the queues file (default: $AIRFLOW__POLYAXON__QUEUES_FILE, else dags/queues.yaml, else queues.yaml)",
    )


def _default_file() -> Path:
    """Where one finds it from a project's folder, or from within its dags."""
    return next(
        (path for path in (Path("dags/queues.yaml"), Path("queues.yaml")) if path.exists()),
        Path("queues.yaml"),
    )
