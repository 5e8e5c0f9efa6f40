"""`polyaxon-airflow`: one command a module, imported when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import FaultsError, PolyaxonAirflowError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each module has `add_arguments(parser)` and `run(arguments) -> int`; its docstring's first line is the help.
COMMANDS = {
    "check": "polyaxon_airflow.cli.check",
    "demo": "polyaxon_airflow.cli.demo",
    "events": "polyaxon_airflow.cli.events",
    "fetch": "polyaxon_airflow.cli.fetch",
    "kinds": "polyaxon_airflow.cli.kinds",
    "plan": "polyaxon_airflow.cli.plan",
    "presets": "polyaxon_airflow.cli.presets",
    "queues": "polyaxon_airflow.cli.queues",
    "render": "polyaxon_airflow.cli.render",
    "runs": "polyaxon_airflow.cli.runs",
    "schema": "polyaxon_airflow.cli.schema",
    "sweep": "polyaxon_airflow.cli.sweep",
    "up": "polyaxon_airflow.cli.up",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 for success, 1 when the command found something wrong, 2 for wrong usage."""
    arguments = _joined(sys.argv[1:] if argv is None else argv)
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    parser = _parser(name)
    parsed = parser.parse_args(arguments)
    try:
        return int(_module(parsed.command).run(parsed))
    except FaultsError as error:
        print("\n".join(fault.with_code() for fault in error.faults), file=sys.stderr)
    except PolyaxonAirflowError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of the output, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--sort -loss` as `--sort=-loss`: argparse takes all that begins with a hyphen for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--sort":
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _parser(name: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of the command that is called; of the others only their names are needed."""
    parser = argparse.ArgumentParser(
        prog="polyaxon-airflow", description="Polyaxonfiles as Apache Airflow DAGs."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        if name not in COMMANDS or command == name:
            module = _module(command)
            doc = str(module.__doc__).strip()
            command_parser = commands.add_parser(command, help=doc.splitlines()[0], description=doc)
            module.add_arguments(command_parser)
        else:
            commands.add_parser(command)
    return parser


def _module(command: str) -> Any:
    return import_module(COMMANDS[command])
