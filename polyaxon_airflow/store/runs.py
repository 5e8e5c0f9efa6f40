"""Runs: begun once, moved by statuses, filled with what went in and came out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypedDict

from sqlalchemy import and_, func, insert, select, tuple_, update

from polyaxon_airflow.store import lifecycle, schema
from polyaxon_airflow.store.query import parse_query, parse_sort
from polyaxon_airflow.store.query.compile import condition, ordered
from polyaxon_airflow.store.records import PIPELINES, Condition, History, TaskKey, TrialStatus
from polyaxon_airflow.store.rows import COLUMNS, NAMES, OWN, find_run, lock_run, partial_run, the_run, to_run
from polyaxon_airflow.store.upsert import insert_new, put
from polyaxon_airflow.store.values import LABELS, MAPPINGS, write_labels, write_values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection
    from typing_extensions import Unpack

    from polyaxon_airflow.store.database import Database
    from polyaxon_airflow.store.lifecycle import Status
    from polyaxon_airflow.store.query.parse import Query
    from polyaxon_airflow.store.records import Run


ABANDONED = 120  # seconds without a heartbeat
_OF_ATTEMPTS = ("decided", "failures", "finished_try", "ignored", "printed")  # keys of `meta`
_CONDITION = ("status", "reason", "message", "since", "updated_at")


class Changes(TypedDict, total=False):
    """What `update` may change: all that a run only knows once it is under way."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    meta: Mapping[str, Any]
    tags: Sequence[str]
    connections: Sequence[str]
    description: str | None
    handle: Mapping[str, Any] | None
    content: Mapping[str, Any]
    original: str | None
    cloning_kind: str | None
    pending: str | None
    backend: str | None
    framework: str | None
    queue: str | None
    agent: str | None
    namespace: str | None
    artifacts_store: str | None
    artifacts_path: str | None
    cache_key: str | None
    schedule_at: datetime | None
    cost: float | None
    cpu: float | None
    memory: float | None
    gpu: float | None
    custom: float | None


@dataclass(frozen=True)
class Runs:
    """`store.runs`."""

    database: Database

    def begin(self, run: Run) -> Run:
        """Write a run unless its uuid is there; the stored run either way.

        A retry so gets what the earlier try left: status, handle, outputs. Its higher `try_number` is kept, and
        fences off metrics that the earlier try still reports.
        """
        with self.database.write() as connection:
            row = {**_row(run), "updated_at": run.updated_at or run.created_at}
            run_id = insert_new(connection, schema.run, row)
            if run_id is None:
                _raise_try_number(connection, run)
            else:
                labels = {name: row[name] for name in LABELS if row[name]}  # a new run has none to take away
                mappings = {name: row[name] for name in MAPPINGS}
                _write_parts(connection, run_id, {**mappings, **labels, "content": run.content})
            return the_run(connection, run.uuid)

    def get(self, uuid: str) -> Run | None:
        with self.database.read() as connection:
            return find_run(connection, uuid)

    def find(
        self,
        query: str | None = None,
        *,
        at: datetime,
        sort: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        project: str | None = None,
        user: str | None = None,
        dag_id: str | None = None,
        fields: Collection[str] | None = None,
    ) -> list[Run]:
        """The runs that a query in Polyaxon's language means (docs/store.md), the last updated first; without `content`.

        `at` is now: `today` and the like count from it, and dates without offset are in its time zone. `project`
        leaves the runs of other projects out, `dag_id` all but the outermost runs of a DAG; `user` is who `mine`
        asks for. `fields`: what is to be read of each run besides its uuid, name and `created_at`. Raises QueryError, which shows the place of the fault.
        """
        orders = parse_sort(sort or "-updated_at")
        read = _read(query, at)
        chosen = [*_chosen(read, project, user), *_outermost(dag_id)]
        names = NAMES if fields is None else list(dict.fromkeys((*OWN, *fields)))
        columns = [schema.run.c[name] for name in names]
        selected = ordered(select(*columns).where(*chosen), orders, read).limit(limit).offset(offset)
        with self.database.read() as connection:
            return [partial_run(names, row) for row in connection.execute(selected)]

    def named(self, digits: str) -> list[str]:
        """Uuids that begin with these digits, two at most: to name a run, one is wanted."""
        begins = schema.run.c.uuid.startswith(digits, autoescape=True)
        with self.database.read() as connection:
            return list(connection.scalars(select(schema.run.c.uuid).where(begins).limit(2)))

    def count(
        self, query: str | None = None, *, at: datetime, project: str | None = None, user: str | None = None
    ) -> int:
        """How many runs `find` finds without a limit."""
        counted = (
            select(func.count()).select_from(schema.run).where(*_chosen(_read(query, at), project, user))
        )
        with self.database.read() as connection:
            return connection.scalar(counted) or 0

    def of_task(self, dag_id: str, dag_run_id: str, task_id: str, map_index: int = -1) -> Run | None:
        """The newest run of a task instance, with its content; None if it has none."""
        where = {"dag_id": dag_id, "dag_run_id": dag_run_id, "task_id": task_id, "map_index": map_index}
        query = (
            select(schema.run.c.uuid)
            .where(*(schema.run.c[name] == value for name, value in where.items()))
            .order_by(schema.run.c.id.desc())
            .limit(1)
        )
        with self.database.read() as connection:
            uuid = connection.scalar(query)
            return None if uuid is None else find_run(connection, uuid)

    def children(self, pipeline: str) -> list[Run]:
        """The runs of a sweep or a dag, by trial index, then in the order they began; without `content`."""
        order = (schema.run.c.trial_index.nulls_last(), schema.run.c.id)
        query = select(*COLUMNS).where(schema.run.c.pipeline == pipeline).order_by(*order)
        with self.database.read() as connection:
            return [to_run(row) for row in connection.execute(query)]

    def of_dag_run(self, dag_id: str, dag_run_id: str) -> list[Run]:
        """All runs that the tasks of an Airflow DAG run have begun, in that order; without `content`."""
        table = schema.run
        own = (table.c.dag_id == dag_id, table.c.dag_run_id == dag_run_id)
        query = select(*COLUMNS).where(*own).order_by(table.c.id)
        with self.database.read() as connection:
            return [to_run(row) for row in connection.execute(query)]

    def left_open(self, dag_id: str, dag_run_id: str) -> list[str]:
        """The uuids of a DAG run's dags and sweeps that have not ended, and of its runs that have not started.

        The last one comes first, so the innermost.
        """
        table = schema.run
        own = (table.c.dag_id == dag_id, table.c.dag_run_id == dag_run_id)
        whole = and_(table.c.kind.in_(PIPELINES), table.c.status.not_in(lifecycle.DONE))
        query = select(table.c.uuid).where(*own, whole | table.c.status.in_(lifecycle.PENDING))
        query = query.order_by(table.c.id.desc())
        with self.database.read() as connection:
            return list(connection.scalars(query))

    def executed_by(self, runner: str, *, dag_run: tuple[str, str] | None = None) -> dict[str, TaskKey]:
        """The tasks of all runs that a runner has been given and that have not ended, by the runs' uuids.

        `dag_run`: a DAG's id and a run's, for those of one DAG run.
        """
        table = schema.run
        query = select(
            table.c.uuid,
            table.c.dag_id,
            table.c.dag_run_id,
            table.c.task_id,
            table.c.map_index,
            table.c.handle,
        ).where(table.c.status.not_in(lifecycle.DONE), table.c.task_id.is_not(None))
        if dag_run is not None:
            query = query.where(table.c.dag_id == dag_run[0], table.c.dag_run_id == dag_run[1])
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return {row[0]: TaskKey(*row[1:5]) for row in rows if (row.handle or {}).get("runner") == runner}

    def trial_statuses(self, pipeline: str) -> list[TrialStatus]:
        """The statuses of a sweep's trials, by index: of a trial that was cleared, that of its newest run."""
        table = schema.run
        query = (
            select(table.c.trial_index, table.c.uuid, table.c.status)
            .where(table.c.pipeline == pipeline, table.c.trial_index.is_not(None))
            .order_by(table.c.id)
        )
        with self.database.read() as connection:
            newest = {row.trial_index: TrialStatus(*row) for row in connection.execute(query)}
        return [newest[index] for index in sorted(newest)]

    def update(self, uuid: str, *, at: datetime, **changes: Unpack[Changes]) -> None:
        """Change a run. `inputs`, `outputs` and `meta` are merged key by key, everything else is replaced.

        Raises StoreError if there is no such run.
        """
        with self.database.write() as connection:
            row = lock_run(connection, uuid, *MAPPINGS)
            _change(connection, row["id"], {**_merged(row, changes), "updated_at": at, "heartbeat_at": at})
            _write_parts(connection, row["id"], changes)

    def reopen(self, uuid: str, dag_run_id: str, task_id: str, *, at: datetime) -> Run:
        """Make a run that is done the run of another task, which goes on with it: `resuming`, its first try.

        What earlier attempts left behind of themselves is forgotten, what they have shown stays. Raises StoreError.
        """
        with self.database.write() as connection:
            row = lock_run(connection, uuid, "status", "created_at", "started_at", "finished_at", "meta")
            meta = {name: value for name, value in row["meta"].items() if name not in _OF_ATTEMPTS}
            where = {"dag_run_id": dag_run_id, "task_id": task_id, "try_number": 1, "handle": None}
            moved = {**_moved(row, "resuming", at), "started_at": None, "wait_time": None}
            _change(connection, row["id"], {**where, "meta": meta, "reason": None, **moved})
            _add_condition(connection, row["id"], Condition("resuming", None, None, at, at))
            return the_run(connection, uuid)

    def set_status(
        self,
        uuid: str,
        status: Status,
        reason: str | None = None,
        message: str | None = None,
        *,
        at: datetime,
        force: bool = False,
        **changes: Unpack[Changes],
    ) -> None:
        """Move a run, and keep the status with its reason among its conditions; change it as `update` does.

        The status of a run that is done stays as it is, and so does that of one that stops until it ends. `force` opens a
        done run again, for a retry or a resume. `reason` is the sentence that a user reads, `message` the detail behind
        it. Raises StoreError if there is no such run.
        """
        with self.database.write() as connection:
            row = lock_run(connection, uuid, "status", "created_at", "started_at", "finished_at", *MAPPINGS)
            new = {**_merged(row, changes), "updated_at": at, "heartbeat_at": at} if changes else {}
            if lifecycle.may_follow(row["status"], status, force=force):
                new |= {"reason": reason, **_moved(row, status, at)}
                _add_condition(connection, row["id"], Condition(status, reason, message, at, at))
            if new:
                _change(connection, row["id"], new)
                _write_parts(connection, row["id"], changes)

    def admit(self, uuid: str, pipelines: Collection[str], limit: int, *, at: datetime) -> int:
        """Move a run to `starting` if fewer than `limit` runs of these dags and sweeps run, else to `queued`.

        0 if it may start, else how many wait before it, itself included. Runs that have shown no sign of life for
        ABANDONED seconds count no more: their tasks are gone.
        """
        table = schema.run
        singles = table.c.kind.is_(None) | table.c.kind.not_in(PIPELINES)
        query = select(table).where(table.c.pipeline.in_(pipelines), singles).order_by(table.c.id)
        with self.database.write() as connection:
            rows = [{**row} for row in connection.execute(query.with_for_update()).mappings()]
            me = next(row for row in rows if row["uuid"] == uuid)
            others = [row for row in rows if row is not me]
            busy = sum(_is_busy(row, at) for row in others)
            status: Status = "starting" if busy < limit else "queued"
            if lifecycle.may_follow(me["status"], status):
                reason = None if status == "starting" else f"{busy} of {limit} runs at once"
                _change(connection, me["id"], {"reason": reason, **_moved(me, status, at)})
                _add_condition(connection, me["id"], Condition(status, reason, None, at, at))
        before = sum(row["status"] == "queued" and row["id"] < me["id"] for row in others)
        return 0 if status == "starting" else before + 1

    def conditions(self, uuid: str) -> list[Condition]:
        """All statuses that a run has had, oldest first."""
        table = schema.condition
        query = (
            select(table.c.status, table.c.reason, table.c.message, table.c.since, table.c.updated_at)
            .join(schema.run, schema.run.c.id == table.c.run_id)
            .where(schema.run.c.uuid == uuid)
            .order_by(table.c.number)
        )
        with self.database.read() as connection:
            return [Condition(*row) for row in connection.execute(query)]

    def reached(
        self,
        statuses: Collection[str],
        *,
        since: datetime,
        at: datetime,
        query: str | None = None,
        dag_id: str | None = None,
    ) -> list[tuple[Run, Condition]]:
        """Each time since then that a run came to one of these statuses, oldest first; runs are chosen as in `find`."""
        table = schema.condition
        chosen = [*_chosen(_read(query, at), None, None), *_outermost(dag_id)]
        selected = (
            select(*COLUMNS, *(table.c[name] for name in _CONDITION))
            .join(table, schema.run.c.id == table.c.run_id)
            # The first for the index: a run is updated when its status changes.
            .where(schema.run.c.updated_at >= since, table.c.since >= since, table.c.status.in_(statuses))
            .where(*chosen)
            .order_by(table.c.since, schema.run.c.id, table.c.number)
        )
        with self.database.read() as connection:
            rows = connection.execute(selected).all()
        return [(to_run(row[: len(COLUMNS)]), Condition(*row[len(COLUMNS) :])) for row in rows]

    def histories(self, dag_runs: Collection[tuple[str, str]]) -> list[History]:
        """What the tasks of some DAG runs, each a DAG's id and a run's, have been through; the newest run of each."""
        pairs = tuple_(schema.run.c.dag_id, schema.run.c.dag_run_id)
        names = ("dag_id", "dag_run_id", "task_id", "map_index", "uuid", "meta")
        made = (
            select(schema.artifact.c.run_id)
            .where(schema.artifact.c.run_id == schema.run.c.id, schema.artifact.c.is_input.is_(False))
            .exists()
        )
        selected = (
            select(*(schema.run.c[name] for name in names), schema.condition.c.status, made.label("made"))
            .outerjoin(schema.condition, schema.condition.c.run_id == schema.run.c.id)
            .where(pairs.in_(list(dag_runs)), schema.run.c.task_id.is_not(None))
            .order_by(schema.run.c.id, schema.condition.c.number)
        )
        with self.database.read() as connection:
            rows = connection.execute(selected).all()
        newest: dict[tuple[Any, ...], History] = {}
        for uuid, found in groupby(rows, key=attrgetter("uuid")):
            conditions = list(found)
            dag_id, dag_run_id, task_id, map_index = task = tuple(conditions[0][:4])
            statuses = tuple(row.status for row in conditions if row.status is not None)
            newest[task] = History(
                *(dag_id, dag_run_id, task_id, map_index, uuid, ("created", *statuses)),
                meta=conditions[0].meta,
                has_artifacts=bool(conditions[0].made),
            )
        return list(newest.values())

    def updated_since(self, since: datetime) -> frozenset[str]:
        """The uuids of the runs that were updated then or later."""
        with self.database.read() as connection:
            return frozenset(
                connection.scalars(select(schema.run.c.uuid).where(schema.run.c.updated_at >= since))
            )

    def last_update(self) -> datetime | None:
        """When any run was updated last."""
        with self.database.read() as connection:
            latest: datetime | None = connection.scalar(select(func.max(schema.run.c.updated_at)))
        return latest

    def heartbeat(self, uuid: str, *, at: datetime) -> None:
        """Note that the task of a run lives, for those that wait for its result."""
        with self.database.write() as connection:
            connection.execute(update(schema.run).where(schema.run.c.uuid == uuid).values(heartbeat_at=at))


def _read(query: str | None, at: datetime) -> Query | None:
    return parse_query(query, at) if query and query.strip() else None


def _chosen(query: Query | None, project: str | None, user: str | None) -> list[ColumnElement[bool]]:
    own = [] if project is None else [schema.run.c.project == project]
    return own if query is None else [*own, condition(query, user)]


def _outermost(dag_id: str | None) -> list[ColumnElement[bool]]:
    return [] if dag_id is None else [schema.run.c.dag_id == dag_id, schema.run.c.pipeline.is_(None)]


def _row(run: Run) -> dict[str, Any]:
    return {column.name: getattr(run, column.name) for column in COLUMNS}


def _change(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(schema.run).where(schema.run.c.id == run_id).values(values))


def _raise_try_number(connection: Connection, run: Run) -> None:
    older = and_(schema.run.c.uuid == run.uuid, schema.run.c.try_number < run.try_number)
    connection.execute(update(schema.run).where(older).values(try_number=run.try_number))


def _merged(row: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """The columns that changes of a run come to."""
    new: dict[str, Any] = {**changes}
    new.update({name: {**row[name], **new[name]} for name in MAPPINGS if name in new})
    new.pop("content", None)
    return new


def _write_parts(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    for section in MAPPINGS:
        write_values(connection, run_id, section, values.get(section, {}))
    for section in LABELS:
        if section in values:
            write_labels(connection, run_id, section, values[section])
    if values.get("content") is not None:
        put(connection, schema.content, [{"run_id": run_id, "content": values["content"]}])


def _moved(row: Mapping[str, Any], status: Status, at: datetime) -> dict[str, Any]:
    """The columns that a move changes. As in Polyaxon, a run that ends without having started started when made."""
    moved: dict[str, Any] = {"status": status, "updated_at": at, "heartbeat_at": at}
    started_at = row["started_at"]
    if started_at is None and status in lifecycle.RUNNING | lifecycle.DONE:
        started_at = at if status in lifecycle.RUNNING else row["created_at"]
        moved.update(started_at=started_at, wait_time=_seconds(row["created_at"], started_at))
    if status not in lifecycle.DONE:
        moved.update(finished_at=None, duration=None)
    elif row["finished_at"] is None:
        moved.update(finished_at=at, duration=_seconds(started_at, at))
    return moved


def _is_busy(row: Mapping[str, Any], at: datetime) -> bool:
    runs = row["status"] in lifecycle.RUNNING | lifecycle.WARNING or row["status"] == "stopping"
    seen = row["heartbeat_at"] or row["updated_at"]
    return bool(runs and (at - seen).total_seconds() < ABANDONED)


def _seconds(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 2)


def _add_condition(connection: Connection, run_id: int, condition: Condition) -> None:
    table = schema.condition
    query = select(table.c.number, table.c.status).where(table.c.run_id == run_id)
    last = connection.execute(query.order_by(table.c.number.desc()).limit(1)).one_or_none()
    if last is not None and last.status == condition.status:
        same = and_(table.c.run_id == run_id, table.c.number == last.number)
        values = {
            "reason": condition.reason,
            "message": condition.message,
            "updated_at": condition.updated_at,
        }
        connection.execute(update(table).where(same).values(values))
    else:
        number = 0 if last is None else last.number + 1
        row = {"run_id": run_id, "number": number, **vars(condition)}
        connection.execute(insert(table).values(row))
