"""A watcher without Airflow: looks, steps, remembers its cursor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from polyaxon_airflow.events.watches import watch_of

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


class Watcher:
    """One watch of one source; `see()` polls, and gives the occurrences that are new."""

    def __init__(self, source, kind, ref, cursor=None):
        self.source, self.watch, self.cursor, self.now, self.note = (
            source,
            watch_of([kind], ref),
            cursor,
            NOON,
            None,
        )

    def see(self, *, after=60):
        self.now += timedelta(seconds=after)
        step = self.source.look([self.watch], self.now).step(self.watch, self.cursor)
        if step is None:
            return []
        self.cursor, self.note = json.loads(json.dumps(step.cursor)), step.note
        return list(step.occurrences)
