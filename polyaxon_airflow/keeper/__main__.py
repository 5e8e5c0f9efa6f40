"""`python -m polyaxon_airflow.keeper`: the process that the scheduler starts (`keeper/listener.py`).

Its settings come as one line of JSON on the standard input, since the database's URL has a password in it. It ends
with the process that has started it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.keeper.database import AirflowDatabase
from polyaxon_airflow.keeper.keeper import Keeper
from polyaxon_airflow.keeper.notes import Notes
from polyaxon_airflow.queues.reading import read_queues

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyaxon_airflow.queues.lookup import Queues

log = logging.getLogger("polyaxon_airflow.keeper")

PATIENCE = 5.0  # seconds between attempts when the database cannot be reached


class Settings(NamedTuple):
    """What the keeper must know."""

    url: str  # SQLAlchemy URL of Airflow's database
    queues_file: str
    interval: float  # seconds between two looks


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    settings = Settings(**json.loads(sys.stdin.readline()))
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            keep(settings, lambda: os.getppid() == parent)
        except SQLAlchemyError:
            log.exception("the database failed; trying again in %s s", PATIENCE)
            time.sleep(PATIENCE)


def keep(settings: Settings, lives: Callable[[], bool]) -> None:
    """Look at the queues until `lives` says no. Raises SQLAlchemyError when the database fails."""
    database = AirflowDatabase(settings.url)
    file = _File(Path(settings.queues_file))
    rounds: _Rounds | None = None
    try:
        while lives():
            if database.is_mine():
                if file.has_changed() and (queues := file.read()) is not None:
                    rounds = _Rounds(queues, database)
                if rounds:
                    rounds.look()
            time.sleep(settings.interval)
    finally:
        database.close()


class _Rounds:
    """Looks at the queues of one file, again and again."""

    def __init__(self, queues: Queues, database: AirflowDatabase) -> None:
        self._queues, self._database = queues, database
        self._keeper, self._notes = Keeper(queues), Notes(queues)
        self._pools = [place.pool for place in queues.places]
        for change in database.apply(queues):
            log.info("pool %s", change)

    def look(self) -> None:
        snapshot = self._database.snapshot(self._pools)
        ended = self._database.ended(self._keeper.missing(snapshot))
        changes = self._keeper.look(snapshot, ended)
        self._database.write_weights(changes.weights)
        self._database.write_slots(changes.slots)
        self._database.write_notes(self._notes.started(snapshot))
        if self._notes.are_due(snapshot):
            used = self._database.used_in_last_hour(self._queues, snapshot)
            self._database.write_notes(self._notes.waiting(snapshot, self._keeper.following, used))


class _File:
    """The queues file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None

    def has_changed(self) -> bool:
        try:
            stat = self._path.stat()
        except OSError:
            return False
        seen, self._seen = self._seen, (stat.st_mtime_ns, stat.st_size)
        return seen != self._seen

    def read(self) -> Queues | None:
        """The queues, or None (and a line in the log) if the file is wrong: then the last ones stay in force."""
        try:
            return read_queues(self._path)
        except PolyaxonAirflowError as error:
            log.error("%s", error)  # noqa: TRY400 - the user's fault, not a traceback
            return None


if __name__ == "__main__":
    main()
