"""The run store: what is known about runs, across tasks, workers and restarts.

    with open_store("sqlite:////var/lib/airflow/polyaxon.db") as store:
        run = store.runs.begin(Run(uuid=..., name="train", created_at=now))
        store.metrics.log(run.uuid, [Point("loss", step=1, value=0.7, at=now.timestamp())], at=now)

Eight parts behind one database: `runs`, `metrics`, `sweeps`, `cache`, `cursors`, `events`, `lineage`, `kept`. Each
public method of a part is one transaction, so a process that dies between two of them leaves nothing half written. Clocks
are passed in. SQLAlchemy and alembic are imported when a store is opened, never with this module.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyaxon_airflow.points import Point
from polyaxon_airflow.store.records import (
    Artifact,
    CacheClaim,
    Condition,
    Cursor,
    Curve,
    Decision,
    Edge,
    Event,
    History,
    ParamsTakenError,
    Run,
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from polyaxon_airflow.store.cache import Cache
    from polyaxon_airflow.store.cursors import Cursors
    from polyaxon_airflow.store.database import Database
    from polyaxon_airflow.store.events import Events
    from polyaxon_airflow.store.kept import Kept
    from polyaxon_airflow.store.lineage import Lineage
    from polyaxon_airflow.store.metrics import Metrics
    from polyaxon_airflow.store.runs import Runs
    from polyaxon_airflow.store.sweeps import Sweeps

__all__ = [
    "Artifact",
    "CacheClaim",
    "Condition",
    "Cursor",
    "Curve",
    "Decision",
    "Edge",
    "Event",
    "History",
    "ParamsTakenError",
    "Point",
    "Run",
    "RunStore",
    "Suggestion",
    "is_single_machine",
    "open_store",
]


@dataclass(frozen=True)
class RunStore:
    """An open run store. Close it, or use it as a context manager; threads may share it, and forks survive it."""

    database: Database
    runs: Runs
    metrics: Metrics
    sweeps: Sweeps
    cache: Cache
    cursors: Cursors
    events: Events
    lineage: Lineage
    kept: Kept

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def rehearsing(self) -> Iterator[RunStore]:
        """This store, but all that is done in the block is one transaction, which is rolled back in the end."""
        with self.database.rolled_back() as database:
            yield _parts(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open_store(url: str) -> RunStore:
    """The store at a database URL, brought to the newest schema.

    `sqlite:////absolute/path.db` (made if it is not there, folders too), or `postgresql://user:password@host/db`
    (psycopg 3, else psycopg2; Airflow's `postgresql+psycopg2://` is fine too).

    Raises StoreError if the URL is unusable, the database cannot be reached, or a newer version of this package
    has written it.
    """
    from polyaxon_airflow.store.database import Database
    from polyaxon_airflow.store.migrate import bring_up_to_date

    database = Database(url)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return _parts(database)


def _parts(database: Database) -> RunStore:
    from polyaxon_airflow.store.cache import Cache
    from polyaxon_airflow.store.cursors import Cursors
    from polyaxon_airflow.store.events import Events
    from polyaxon_airflow.store.kept import Kept
    from polyaxon_airflow.store.lineage import Lineage
    from polyaxon_airflow.store.metrics import Metrics
    from polyaxon_airflow.store.runs import Runs
    from polyaxon_airflow.store.sweeps import Sweeps

    return RunStore(
        database,
        Runs(database),
        Metrics(database),
        Sweeps(database),
        Cache(database),
        Cursors(database),
        Events(database),
        Lineage(database),
        Kept(database),
    )


def is_single_machine(url: str) -> bool:
    """Whether only processes of one machine can use this store: true of SQLite.

    A remote executor (Celery, Kubernetes) with such a store would lose data; callers refuse that pair.
    """
    return url.strip().lower().startswith("sqlite")
