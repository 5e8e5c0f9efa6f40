"""Events: what is watched and how that goes, post an event of your own, forget some."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

# Each module has `add_arguments(parser)` and `run(arguments) -> int`; its docstring's first line is the help.
COMMANDS = ("ls", "send", "forget", "prune")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="events_command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _module(name)
        doc = str(module.__doc__).strip()
        module.add_arguments(commands.add_parser(name, help=doc.splitlines()[0], description=doc))


def run(arguments: argparse.Namespace) -> int:
    return int(_module(arguments.events_command).run(arguments))


def _module(name: str) -> Any:
    return import_module(f"polyaxon_airflow.cli.events.{name}")
