"""Runs on a cluster that nobody looks after any more: their tasks have ended in Airflow, and they have not.

Whoever follows a run ends it when its task is cleared or marked. In between, its worker may have handed it to a
triggerer that has not begun, or is away; then Airflow forgets the trigger, and nobody is left who would.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.store.records import TaskKey

    Ended = Callable[[Iterable[TaskKey]], Collection[TaskKey]]  # which of some tasks have ended

log = logging.getLogger(__name__)


class Orphans:
    """Looks for such runs, and has those ended that stay what they are."""

    def __init__(
        self,
        store: RunStore,
        ended: Ended,
        end: Callable[[list[str]], bool],
        *,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`end`: begins to end runs, by their uuids; False if it is still about others. `patience`: the seconds that
        whoever may still follow such a run has to end it.
        """
        self._store, self._ended, self._end = store, ended, end
        self._patience, self._clock = patience, clock
        self._since: dict[str, float] = {}  # uuid -> when it was seen first, or ended last

    def look(self) -> None:
        """One look at all runs that a cluster executes."""
        tasks = self._store.runs.executed_by("kubernetes")
        ended = self._ended(tasks.values())
        now = self._clock()
        self._since = {uuid: self._since.get(uuid, now) for uuid, task in tasks.items() if task in ended}
        due = [uuid for uuid, since in self._since.items() if now - since >= self._patience]
        if due and self._end(due):
            log.info("ending runs whose tasks have ended: %s", ", ".join(due))
            self._since.update(dict.fromkeys(due, now))
