"""Work on clusters, for the keeper: done by a process that knows Airflow's connections and the clients of clusters."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


class Errand:
    """There is one such process at a time, however long a cluster lets it wait."""

    def __init__(
        self, command: Sequence[str] = (sys.executable, "-m", "polyaxon_airflow.keeper.clusters")
    ) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, work: Literal["end", "remove"], uuids: list[str]) -> bool:
        """Whether it has begun; not if the one before has not ended."""
        if self._process is not None and self._process.poll() is None:
            return False
        self._process = subprocess.Popen([*self._command, work, *uuids])
        return True

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
