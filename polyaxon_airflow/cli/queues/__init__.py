"""Agents and queues: check the queues file, make its pools, watch them, ask why a task waits."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Any

# Each module has `add_arguments(parser)` and `run(arguments) -> int`; its docstring's first line is the help.
COMMANDS = ("check", "apply", "ls", "top", "why", "simulate", "render")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="queues_command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _module(name)
        doc = str(module.__doc__).strip()
        module.add_arguments(commands.add_parser(name, help=doc.splitlines()[0], description=doc))


def run(arguments: argparse.Namespace) -> int:
    return int(_module(arguments.queues_command).run(arguments))


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


def _module(name: str) -> Any:
    return import_module(f"polyaxon_airflow.cli.queues.{name}")
