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
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from polyaxon_airflow.errors import PolyaxonAirflowError, StoreError
from polyaxon_airflow.keeper.database import AirflowDatabase
from polyaxon_airflow.keeper.errand import Errand
from polyaxon_airflow.keeper.expired import Expired
from polyaxon_airflow.keeper.keeper import Keeper
from polyaxon_airflow.keeper.notes import Notes
from polyaxon_airflow.keeper.orphans import Orphans
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.store import RunStore

log = logging.getLogger("polyaxon_airflow.keeper")

PATIENCE = 5.0  # seconds between attempts when a database cannot be reached
LOOKS = 2  # at a run that may be an orphan: whoever follows it has the time between them to end it
BLINK = 1.0  # seconds after which the death of the scheduler is noticed


class Settings(NamedTuple):
    """What the keeper must know."""

    parent: int  # process id of who has started it: it may have died before the first look at who that is
    url: str  # SQLAlchemy URL of Airflow's database
    queues_file: str
    interval: float  # seconds between two looks at the queues; 0 for none
    store_url: str = ""  # of the run store; "" if it cannot be reached from here
    orphans_interval: float = 0.0  # seconds between two looks for orphans; 0 for none
    ttl_interval: float = 0.0  # seconds between two looks for what `termination.ttl` has kept; 0 for none
    on_cluster: bool = False  # whether runs are on a cluster that no agent names


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    settings = Settings(**json.loads(sys.stdin.readline()))
    while os.getppid() == settings.parent:
        try:
            keep(settings, lambda: os.getppid() == settings.parent)
        except (SQLAlchemyError, StoreError):
            log.exception("a database failed; trying again in %s s", PATIENCE)
            time.sleep(PATIENCE)


def keep(settings: Settings, lives: Callable[[], bool]) -> None:
    """Do what there is to do until `lives` says no. Raises SQLAlchemyError or StoreError when a database fails."""
    with ExitStack() as opened:
        database = opened.enter_context(closing(AirflowDatabase(settings.url)))
        duties = list(_duties(settings, database, opened))
        while lives():
            if database.is_mine():
                for duty in duties:
                    duty.do(time.monotonic())
            time.sleep(min([BLINK, *(duty.interval for duty in duties)]))


def _duties(settings: Settings, database: AirflowDatabase, opened: ExitStack) -> Iterator[_Duty]:
    queues = _Queues(Path(settings.queues_file), database)
    if settings.interval > 0:
        yield _Duty(settings.interval, queues.look)
    clusters = _Clusters(settings, database, queues, opened)
    if settings.store_url and settings.orphans_interval > 0:
        yield _Duty(settings.orphans_interval, clusters.look_for_orphans)
    if settings.store_url and settings.ttl_interval > 0:
        yield _Duty(settings.ttl_interval, clusters.look_for_expired)


@dataclass
class _Duty:
    """Something to be done again and again."""

    interval: float  # seconds
    work: Callable[[], None]
    at: float = 0.0  # when next

    def do(self, now: float) -> None:
        """Do it if it is time."""
        if now >= self.at:
            self.at = now + self.interval
            self.work()


class _Queues:
    """Looks at the queues, as the queues file has them now."""

    def __init__(self, file: Path, database: AirflowDatabase) -> None:
        self._file, self._database = _File(file), database
        self._rounds: _Rounds | None = None
        self.have_clusters = False  # whether an agent names the connection of one

    def look(self) -> None:
        if self._file.has_changed() and (queues := self._file.read()) is not None:
            self._rounds = _Rounds(queues, self._database)
            self.have_clusters = any(place.agent.connection for place in queues.places)
        if self._rounds:
            self._rounds.look()


class _Clusters:
    """Looks for orphans, and for what has been kept for long enough, from when runs may be on a cluster."""

    def __init__(
        self, settings: Settings, database: AirflowDatabase, queues: _Queues, opened: ExitStack
    ) -> None:
        self._settings, self._database, self._queues, self._opened = settings, database, queues, opened

    def look_for_orphans(self) -> None:
        if self._are_there:
            self._orphans.look()

    def look_for_expired(self) -> None:
        if self._are_there:
            self._expired.look()

    @property
    def _are_there(self) -> bool:
        return self._settings.on_cluster or self._queues.have_clusters

    @cached_property
    def _orphans(self) -> Orphans:
        patience = LOOKS * self._settings.orphans_interval
        end = partial(self._errand.begin, "end")
        return Orphans(self._store, self._database.ended_tasks, end, patience=patience)

    @cached_property
    def _expired(self) -> Expired:
        return Expired(self._store, partial(self._errand.begin, "remove"))

    @cached_property
    def _store(self) -> RunStore:
        return self._opened.enter_context(open_store(self._settings.store_url))

    @cached_property
    def _errand(self) -> Errand:
        errand = Errand()
        self._opened.callback(errand.stop)
        return errand


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
