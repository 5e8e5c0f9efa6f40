"""`python -m polyaxon_airflow.tracking FOLDER`: the sidecar that carries what a run tracks over its own log.

It looks every `--every` seconds, and a last time when it is asked to end (SIGTERM), as Kubernetes does to a
sidecar after the main container.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from polyaxon_airflow.tracking.relay import Relay


def main(arguments: list[str] | None = None) -> None:
    """Print frames until the process is asked to end."""
    parser = argparse.ArgumentParser(prog="python -m polyaxon_airflow.tracking")
    parser.add_argument("folder", type=Path, help="the run's directory")
    parser.add_argument("--every", type=float, default=0.5, help="seconds between looks")
    parser.add_argument("--ready", type=Path, help="file that is made once the process may be asked to end")
    options = parser.parse_args(arguments)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    if options.ready:
        options.ready.touch()
    relay = Relay(options.folder)
    while not ending.wait(options.every):
        _print(relay)
    _print(relay)


def _print(relay: Relay) -> None:
    for frame in relay.frames():
        print(frame, flush=True)  # noqa: T201 - its output is what it is for


if __name__ == "__main__":
    main()
