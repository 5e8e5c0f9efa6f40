"""Commands that are groups of commands: a package with a module for each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable


def add_commands(parser: argparse.ArgumentParser, package: str, names: Iterable[str]) -> None:
    """Add the commands of a package, each by its module.

    A module has `add_arguments(parser)` and `run(arguments) -> int`; its docstring's first line is the help.
    """
    commands = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)
    for name in names:
        module = _module(package, name)
        doc = str(module.__doc__).strip()
        module.add_arguments(commands.add_parser(name, help=doc.splitlines()[0], description=doc))


def run_command(package: str, arguments: argparse.Namespace) -> int:
    """Run the command that the arguments name."""
    return int(_module(package, arguments.subcommand).run(arguments))


def _module(package: str, name: str) -> Any:
    return import_module(f"{package}.{name}")
