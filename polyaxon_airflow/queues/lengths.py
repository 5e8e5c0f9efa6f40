"""How long the next task of a flow will probably take: the mean of its own, else of its queue, else a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyaxon_airflow.queues.shares import Path

UNKNOWN = 1.0  # seconds; too short rather than too long: what a running task overstays is charged as it goes
MEMORY = 20  # tasks


class Lengths:
    """Learns the lengths of tasks, in seconds, by flow and by queue (the first step of a path)."""

    def __init__(self) -> None:
        self._means: dict[Path, tuple[int, float]] = {}

    def learn(self, path: Path, seconds: float) -> None:
        """A task of this flow has taken so long. The last MEMORY tasks count most."""
        for key in {path, path[:1]}:
            count, mean = self._means.get(key, (0, 0.0))
            count = min(count + 1, MEMORY)
            self._means[key] = (count, mean + (seconds - mean) / count)

    def expect(self, path: Path) -> float:
        """Seconds that the next task of this flow will take, as far as one knows."""
        _, mean = self._means.get(path) or self._means.get(path[:1]) or (0, UNKNOWN)
        return mean

    def forget(self, path: Path) -> None:
        """This flow is over; what it taught about its queue stays."""
        self._means.pop(path, None)
