"""`python -m polyaxon_airflow.artifacts ROOT UUID FOLDER`: the sidecar that brings a run's folder into the store.

It copies what has changed every `--every` seconds, and the rest when it is asked to end (SIGTERM), as Kubernetes
does to a sidecar after the main container. Exits with 1, and a sentence on standard error, if that last copy fails.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.artifacts.following import Following
from polyaxon_airflow.artifacts.runs import RunFiles
from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.errors import FilesError, UnreachableFilesError

if TYPE_CHECKING:
    from polyaxon_airflow.artifacts.transfer import Moved

ATTEMPTS = 5  # of the last copy, while the store does not answer
PAUSE = 3.0  # seconds between them


def main(arguments: list[str]) -> int:
    """Copy until the process is asked to end; the exit code."""
    options = _parser().parse_args(arguments)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    if options.ready:
        Path(options.ready).touch()
    print("artifacts: following", options.folder, flush=True)  # noqa: T201
    try:
        following = Following(RunFiles(open_storage(options.root), options.uuid), Path(options.folder))
        while not ending.wait(options.every):
            _try_to_copy(following)
        moved = _finish(following, options.attempt)
    except (FilesError, OSError) as error:
        print(f"artifacts: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"artifacts: the last {moved.files} files are in {options.root}")  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m polyaxon_airflow.artifacts")
    parser.add_argument("root", help="folder or URL of the artifacts store")
    parser.add_argument("uuid", help="of the run")
    parser.add_argument("folder", help="the run's folder here")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between copies")
    parser.add_argument("--ready", help="file that is made once the process may be asked to end")
    parser.add_argument("--attempt", type=int, default=1, help="number of the run's attempt")
    return parser


def _try_to_copy(following: Following) -> None:
    """What cannot be copied now is copied next time, or at the end."""
    try:
        following.copy_changes()
    except (FilesError, OSError) as error:
        print(f"artifacts: {error}", file=sys.stderr, flush=True)  # noqa: T201


def _finish(following: Following, attempt: int) -> Moved:
    for _ in range(ATTEMPTS - 1):
        try:
            return following.finish(attempt)
        except UnreachableFilesError as error:
            print(f"artifacts: {error}", file=sys.stderr, flush=True)  # noqa: T201
        time.sleep(PAUSE)
    return following.finish(attempt)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
