"""Start an Airflow on this machine with the polyaxonfiles of a folder, and leave it running until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.embedded import USER, EmbeddedAirflow, environment_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `up`, shared with `demo`."""
    parser.add_argument(
        "--dags", type=Path, default=Path("dags"), help="folder of polyaxonfiles (default: dags)"
    )
    parser.add_argument(
        "--home", type=Path, default=Path(".airflow"), help="AIRFLOW_HOME (default: .airflow)"
    )
    parser.add_argument("--port", type=int, help="port of 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--environments",
        type=Path,
        default=Path(".environments"),
        metavar="FOLDER",
        help="folder of virtual environments; an image of the same name stands for each (default: .environments)",
    )


def run(args: Namespace) -> int:
    """Exit 0 after Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    airflow = EmbeddedAirflow(
        args.home, args.dags, port=args.port, settings=environment_settings(args.environments)
    )
    try:
        airflow.start(say=lambda text: print(f"  {text} ...", flush=True))
        print(f"\n  Airflow   {airflow.url}\n  user      {USER}\n  password  {airflow.password}")
        print(f"  dags      {airflow.dags}\n\n  Ctrl-C ends it.", flush=True)
        ended.wait()
    finally:
        airflow.stop()
    return 0
