"""Sweeps: which params each trial has, and when one is to end. The first writer wins, everybody reads its word."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import schema
from polyaxon_airflow.store.records import Decision, ParamsTakenError, Suggestion
from polyaxon_airflow.store.upsert import insert_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from polyaxon_airflow.store.database import Database
    from polyaxon_airflow.store.lifecycle import Status


@dataclass(frozen=True)
class Sweeps:
    """`store.sweeps`. A sweep is named by the uuid of its run."""

    database: Database

    def claim(
        self,
        sweep: str,
        index: int,
        params: Mapping[str, Any],
        meta: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        distinct: bool = False,
    ) -> Suggestion:
        """Write the params of a trial if it has none; those that it has now, whoever wrote them.

        With `distinct`, raises ParamsTakenError if another trial of the sweep has claimed, distinctly too, the same
        params; then ask again, knowing of that trial.
        """
        with self.database.write() as connection:
            return _claim(connection, Suggestion(sweep, index, params, meta or {}, at), distinct=distinct)

    def suggestions(self, sweep: str) -> list[Suggestion]:
        """All params that trials of a sweep have, by index."""
        query = _suggestions().where(schema.suggestion.c.sweep == sweep).order_by(schema.suggestion.c.index)
        with self.database.read() as connection:
            return [Suggestion(*row) for row in connection.execute(query)]

    def suggestion(self, sweep: str, index: int) -> Suggestion | None:
        """The params of one trial, if it has any yet."""
        with self.database.read() as connection:
            return _find(connection, sweep, index)

    def enqueue(
        self,
        sweep: str,
        points: Sequence[Mapping[str, Any]],
        meta: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        trials: int | None = None,
    ) -> list[int]:
        """Give known points to the first trials that have no params yet; the indexes of those trials.

        Such a trial finds its params claimed and runs them, as after a retry. Raises StoreError, and enqueues
        nothing, if the `trials` of the sweep have not so many left.
        """
        with self.database.write() as connection:
            indexes: list[int] = []
            for point in points:
                suggestion = Suggestion(sweep, _first_free(connection, sweep, indexes), point, meta or {}, at)
                while insert_new(connection, schema.suggestion, vars(suggestion)) is None:
                    suggestion = Suggestion(sweep, suggestion.index + 1, point, meta or {}, at)
                indexes.append(suggestion.index)
            if trials is not None and indexes and indexes[-1] >= trials:
                raise StoreError(
                    f"sweep {sweep}: its {trials} trials have not {len(points)} left for the enqueued points; "
                    "raise numRuns"
                )
            return indexes

    def decide(
        self, run: str, status: Status, reason: str, *, at: datetime, by: str | None = None
    ) -> Decision:
        """Decide that a sweep (or a dag, or one trial) is to end as `status`; the first decision stands and returns."""
        with self.database.write() as connection:
            decision = Decision(run, status, reason, at, by)
            insert_new(connection, schema.decision, vars(decision))
            return _decisions(connection, [run])[0]

    def decision(self, *runs: str | None) -> Decision | None:
        """The decision about the first of these runs that has one.

        A trial asks for itself, its sweep and its controller in one go; None among them is skipped.
        """
        asked = [run for run in runs if run is not None]
        with self.database.read() as connection:
            found = {decision.run: decision for decision in _decisions(connection, asked)}
        return next((found[run] for run in asked if run in found), None)

    def withdraw(self, run: str) -> None:
        """Forget the decision about a run, to resume it."""
        with self.database.write() as connection:
            connection.execute(delete(schema.decision).where(schema.decision.c.run == run))


def _claim(connection: Connection, suggestion: Suggestion, *, distinct: bool) -> Suggestion:
    digest = _hash(suggestion.params) if distinct else None
    insert_new(connection, schema.suggestion, {**vars(suggestion), "params_hash": digest})
    stored = _find(connection, suggestion.sweep, suggestion.index)
    if stored is not None:
        return stored
    table = schema.suggestion
    same = (table.c.sweep == suggestion.sweep) & (table.c.params_hash == digest)
    taken_by = connection.scalars(select(table.c.index).where(same)).one()
    raise ParamsTakenError(suggestion.sweep, suggestion.index, taken_by)


def _suggestions() -> Any:
    table = schema.suggestion
    return select(table.c.sweep, table.c.index, table.c.params, table.c.meta, table.c.at)


def _find(connection: Connection, sweep: str, index: int) -> Suggestion | None:
    table = schema.suggestion
    row = connection.execute(
        _suggestions().where(table.c.sweep == sweep, table.c.index == index)
    ).one_or_none()
    return None if row is None else Suggestion(*row)


def _hash(params: Mapping[str, Any]) -> str:
    plain = json.dumps(json.loads(schema.to_json(params)), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _first_free(connection: Connection, sweep: str, taken: Sequence[int]) -> int:
    if taken:
        return taken[-1] + 1
    table = schema.suggestion
    used = set(connection.scalars(select(table.c.index).where(table.c.sweep == sweep)))
    return next(index for index in range(len(used) + 1) if index not in used)


def _decisions(connection: Connection, runs: Sequence[str]) -> list[Decision]:
    table = schema.decision
    query = select(table.c.run, table.c.status, table.c.reason, table.c.at, table.c.by).where(
        table.c.run.in_(runs)
    )
    return [Decision(*row) for row in connection.execute(query)]
