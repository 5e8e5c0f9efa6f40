"""Go on with a run that has ended, under its own uuid; of a dag, with what has not succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.cli.runs.cloning import add_cloning_arguments, clone

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_cloning_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    return clone("resume", arguments)
