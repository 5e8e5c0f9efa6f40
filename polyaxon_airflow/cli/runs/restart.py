"""Run again what a run did, with its values and without the cache; one of a dag or a sweep in its place there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.cli.runs.cloning import add_cloning_arguments, clone

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_cloning_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    return clone("restart", arguments)
