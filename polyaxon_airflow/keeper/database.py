"""What the keeper reads and writes in Airflow's own database, with as little of it as possible.

Tasks and REST clients cannot set a priority weight (Airflow 3.3), so this speaks SQL, as the scheduler beside it does.
Rows that somebody else has locked are left for the next look, so nobody ever waits for the keeper while it waits.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from polyaxon_airflow.keeper.accounts import Ended
from polyaxon_airflow.keeper.notes import MARK
from polyaxon_airflow.keeper.tables import DAG, NOTE, POOL, RUN, TAG, TI
from polyaxon_airflow.queues.pools import PoolChange, pool_changes
from polyaxon_airflow.queues.snapshot import PROJECT_TAG, Pool, Snapshot, Task
from polyaxon_airflow.queues.weights import NEXT_LEAST
from polyaxon_airflow.store.records import TaskKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path

HOLDING = ("queued", "running", "deferred")
OVER = ("success", "failed", "skipped", "upstream_failed", "removed")
AT_ONCE = 200  # tasks that one query asks about: SQLite takes 999 variables at least
FIRST = 32  # waiting tasks of a sweep that one look reads
LOCK = 0x706C78_71756575  # "plx", "queu": one keeper at a time


class AirflowDatabase:
    """One connection to Airflow's database, for one keeper."""

    def __init__(self, url: str) -> None:
        self._connection: sa.Connection = sa.create_engine(url, poolclass=NullPool).connect()
        self._is_mine = self._connection.dialect.name != "postgresql"

    def close(self) -> None:
        self._connection.close()

    def is_mine(self) -> bool:
        """Whether this is the one keeper of this Airflow: with several schedulers the others stand by."""
        if not self._is_mine:
            with self._connection.begin():  # the lock outlives it: PostgreSQL frees it with the connection
                self._is_mine = bool(self._connection.scalar(sa.select(sa.func.pg_try_advisory_lock(LOCK))))
        return self._is_mine

    def snapshot(self, pools: Sequence[str]) -> Snapshot:
        """The named pools as they are, and the tasks in them."""
        with self._connection.begin():
            found = {
                row.pool: Pool(row.slots, row.description or "", bool(row.include_deferred))
                for row in self._connection.execute(sa.select(POOL).where(POOL.c.pool.in_(pools)))
            }
            waiting = self._connection.execute(_waiting(list(found)))
            tasks = [*map(_task, waiting), *map(_task, self._connection.execute(_holding(list(found))))]
            sums = sa.select(TI.c.pool, sa.func.sum(TI.c.pool_slots)).where(TI.c.state == "scheduled")
            wanted = self._connection.execute(sums.where(TI.c.pool.in_(list(found))).group_by(TI.c.pool))
            slots = {pool: int(count) for pool, count in wanted}
        return Snapshot(datetime.now(timezone.utc).timestamp(), found, tuple(tasks), slots)

    def ended(self, ids: Sequence[str]) -> list[Ended]:
        """What has become of tasks: the seconds for which those held slots that are in no pool's way any more."""
        if not ids:
            return []
        query = sa.select(TI.c.id, TI.c.state, TI.c.queued_dttm, TI.c.end_date).where(
            TI.c.id.in_(map(UUID, ids))
        )
        with self._connection.begin():
            rows = {str(row.id): row for row in self._connection.execute(query)}
        return [
            Ended(key, _seconds_held(rows.get(key)))
            for key in ids
            if key not in rows or not _is_active(rows[key])
        ]

    def ended_tasks(self, tasks: Iterable[TaskKey]) -> set[TaskKey]:
        """Which of these task instances have ended, for good."""
        return self._which(tasks, TI.c.state.in_(OVER))

    def given_up(self, tasks: Iterable[TaskKey]) -> set[TaskKey]:
        """Which of these task instances have failed in the last attempt that there is."""
        return self._which(tasks, sa.and_(TI.c.state == "failed", TI.c.try_number > TI.c.max_tries))

    def _which(self, tasks: Iterable[TaskKey], condition: sa.ColumnElement[bool]) -> set[TaskKey]:
        place = (TI.c.dag_id, TI.c.run_id, TI.c.task_id, TI.c.map_index)
        found: set[TaskKey] = set()
        wanted = list(tasks)
        with self._connection.begin():
            for start in range(0, len(wanted), AT_ONCE):
                some = sa.tuple_(*place).in_(wanted[start : start + AT_ONCE])
                rows = self._connection.execute(sa.select(*place).where(some, condition))
                found.update(TaskKey(*row) for row in rows)
        return found

    def write_weights(self, weights: Mapping[str, int]) -> None:
        """Set priority weights of tasks that still wait."""
        if not weights:
            return
        free = sa.select(TI.c.id).where(TI.c.id.in_(map(UUID, weights)), TI.c.state == "scheduled")
        with self._connection.begin():
            ids = list(self._connection.scalars(free.with_for_update(skip_locked=True)))
            if ids:
                self._connection.execute(
                    sa.update(TI)
                    .where(TI.c.id == sa.bindparam("which"))
                    .values(priority_weight=sa.bindparam("weight")),
                    [{"which": key, "weight": weights[str(key)]} for key in ids],
                )

    def apply(self, queues: Queues) -> list[PoolChange]:
        """Make and update the pools of the queues file. What it no longer names stays; `queues apply` deletes that."""
        with self._connection.begin():
            present = {
                row.pool: Pool(row.slots, row.description or "", bool(row.include_deferred))
                for row in self._connection.execute(sa.select(POOL))
            }
            changes = [change for change in pool_changes(queues, present, set()) if change.after is not None]
            for change in changes:
                values = change.after._asdict() if change.after else {}
                write: Any = sa.insert(POOL).values(pool=change.pool, **values)
                if change.action == "update":
                    write = sa.update(POOL).where(POOL.c.pool == change.pool).values(values)
                self._connection.execute(write)
        return changes

    def used_in_last_hour(self, queues: Queues, snapshot: Snapshot) -> dict[Path, float]:
        """Slot-seconds that the tasks of each flow have run in the last hour."""
        since = datetime.fromtimestamp(snapshot.now - 3600, timezone.utc)
        with self._connection.begin():
            rows = self._connection.execute(_ended_since(since, list(snapshot.pools))).all()
        used: defaultdict[Path, float] = defaultdict(float)
        for row in rows:
            task = _task(row)
            used[task.flow(queues.fairness(queues.pools()[task.pool]))] += row.seconds or 0.0
        for task in snapshot.tasks:
            if task.state == "running":
                flow = task.flow(queues.fairness(queues.pools()[task.pool]))
                used[flow] += task.slots * min(3600.0, snapshot.now - task.since)
        return dict(used)

    def write_notes(self, notes: Mapping[str, str]) -> None:
        """Say something on tasks, unless a person already has.

        A note waits for whoever has locked its task. So each has a transaction of its own: none holds what the other
        waits for.
        """
        now = datetime.now(timezone.utc)
        for key, text in notes.items():
            with self._connection.begin():
                mine = (
                    (NOTE.c.ti_id == UUID(key)) & NOTE.c.content.startswith(MARK) & NOTE.c.user_id.is_(None)
                )
                written = self._connection.execute(
                    sa.update(NOTE).where(mine).values(content=text, updated_at=now)
                )
                if not written.rowcount:
                    self._connection.execute(_note_if_none(UUID(key), text, now))

    def write_slots(self, slots: Mapping[str, int]) -> None:
        """Set the slots of pools."""
        for pool, count in slots.items():
            with self._connection.begin():
                self._connection.execute(sa.update(POOL).where(POOL.c.pool == pool).values(slots=count))


def _joined(*columns: Any) -> sa.Select[Any]:
    """Task instances with the DAG run and the DAG that they belong to."""
    return (
        sa.select(*columns)
        .select_from(TI)
        .join(RUN, (RUN.c.dag_id == TI.c.dag_id) & (RUN.c.run_id == TI.c.run_id))
        .join(DAG, DAG.c.dag_id == TI.c.dag_id)
    )


def _project(dag_id: sa.ColumnElement[str]) -> sa.Label[Any]:
    tags = sa.select(sa.func.min(TAG.c.name))
    return (
        tags.where(TAG.c.dag_id == dag_id, TAG.c.name.startswith(PROJECT_TAG))
        .scalar_subquery()
        .label("project")
    )


_WHOSE = (RUN.c.triggering_user_name, DAG.c.owners)


def _waiting(pools: Sequence[str]) -> sa.Select[Any]:
    """The first of each task's waiting instances, and those that were to start next."""
    same = [TI.c.dag_id, TI.c.run_id, TI.c.task_id]
    place = sa.func.row_number().over(partition_by=same, order_by=TI.c.map_index).label("place")
    waits = (TI.c.pool.in_(pools), TI.c.state == "scheduled", RUN.c.state == "running", ~DAG.c.is_paused)
    ranked = _joined(TI, RUN.c.run_after, *_WHOSE, place).where(*waits).subquery()
    first = sa.or_(ranked.c.place <= FIRST, ranked.c.priority_weight >= NEXT_LEAST)
    return sa.select(ranked, _project(ranked.c.dag_id)).where(first)


def _holding(pools: Sequence[str]) -> sa.Select[Any]:
    counted = sa.select(POOL.c.pool).where(POOL.c.include_deferred)
    holds = sa.or_(TI.c.state != "deferred", TI.c.pool.in_(counted))
    query = _joined(TI, RUN.c.run_after, *_WHOSE, _project(TI.c.dag_id))
    return query.where(TI.c.pool.in_(pools), TI.c.state.in_(HOLDING), holds)


def _ended_since(since: datetime, pools: Sequence[str]) -> sa.Select[Any]:
    """One row for each task of a DAG run, however many instances it has, with their slot-seconds."""
    same = (TI.c.pool, TI.c.dag_id, TI.c.run_id, TI.c.task_id, *_WHOSE)
    seconds = sa.func.sum(TI.c.pool_slots * TI.c.duration).label("seconds")
    last = sa.func.max(TI.c.map_index).label("map_index")
    query = _joined(*same, last, seconds, _project(TI.c.dag_id))
    return query.where(TI.c.pool.in_(pools), TI.c.end_date >= since).group_by(*same)


def _task(row: Any) -> Task:
    """A task of a row, as far as the row goes: rows that add instances up have no state and no times."""
    given = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    waits = given.get("state") == "scheduled"
    return Task(
        id=str(given.get("id")),
        pool=row.pool,
        dag_id=row.dag_id,
        run_id=row.run_id,
        task_id=row.task_id,
        map_index=row.map_index,
        slots=given.get("pool_slots", 1),
        state="waiting" if waits else "running",
        weight=given.get("priority_weight") or 0,
        since=_epoch(given.get("scheduled_dttm" if waits else "queued_dttm")),
        run_at=_epoch(given.get("run_after")),
        owner=row.triggering_user_name or (row.owners or "").partition(",")[0],
        project=(row.project or "").removeprefix(PROJECT_TAG),
    )


def _note_if_none(task: UUID, text: str, now: datetime) -> sa.Insert:
    values = sa.select(sa.literal(task, sa.Uuid), *map(sa.literal, (text, now, now)))
    absent = ~sa.exists().where(NOTE.c.ti_id == task)
    return sa.insert(NOTE).from_select(["ti_id", "content", "created_at", "updated_at"], values.where(absent))


def _is_active(row: Any) -> bool:
    return row.state in HOLDING or row.state == "scheduled"


def _seconds_held(row: Any) -> float:
    if row is None or row.queued_dttm is None or row.end_date is None:
        return 0.0
    return max(0.0, _epoch(row.end_date) - _epoch(row.queued_dttm))


def _epoch(moment: datetime | None) -> float:
    if moment is None:
        return 0.0
    # SQLite keeps no time zone; Airflow writes UTC.
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
