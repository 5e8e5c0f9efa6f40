"""What runs have cost: `cost` of the operation, an amount an hour, times the hours that its runs took."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import func, select

from polyaxon_airflow.store.records import PIPELINES
from polyaxon_airflow.store.schema import run

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from polyaxon_airflow.store.database import Database

By = Literal["queue", "owner", "project", "user", "agent", "dag"]
_COLUMNS = {"queue": run.c.queue, "owner": run.c.owner, "project": run.c.project, "user": run.c.user,
            "agent": run.c.agent, "dag": run.c.dag_id}  # fmt: skip
_HOUR = 3600.0  # seconds


class CostSum(NamedTuple):
    """Runs that belong together, and what they have cost."""

    name: str | None  # of the queue, owner, ...; None for runs without
    runs: int
    hours: float
    cost: float


def cost_sums(database: Database, by: By, *, now: datetime, since: datetime | None = None) -> list[CostSum]:
    """The sums by queue, owner, project, user, agent or DAG; the highest cost first.

    Runs that go on are counted up to now. `since`: leave out what had ended before. Runs without a cost count with
    their hours.
    """
    runs: defaultdict[str | None, int] = defaultdict(int)
    hours: defaultdict[str | None, float] = defaultdict(float)
    costs: defaultdict[str | None, float] = defaultdict(float)
    with database.read() as connection:
        ended = connection.execute(_ended(by, since)).all()
        going = connection.execute(_going(by)).all()
    for name, count, seconds, cost in ended:
        runs[name] += count
        hours[name] += (seconds or 0.0) / _HOUR
        costs[name] += (cost or 0.0) / _HOUR
    for name, started, cost in going:
        spent = (now - started).total_seconds() / _HOUR
        runs[name] += 1
        hours[name] += spent
        costs[name] += (cost or 0.0) * spent
    sums = [CostSum(name, count, hours[name], costs[name]) for name, count in runs.items()]
    return sorted(sums, key=lambda each: (-each.cost, -each.hours, each.name or ""))


def _ended(by: By, since: datetime | None) -> Select[Any]:
    column = _COLUMNS[by]
    query = select(column, func.count(), func.sum(run.c.duration), func.sum(run.c.cost * run.c.duration))
    query = query.where(run.c.duration.is_not(None), _is_single()).group_by(column)
    return query if since is None else query.where(run.c.finished_at >= since)


def _going(by: By) -> Select[Any]:
    query = select(_COLUMNS[by], run.c.started_at, run.c.cost)
    return query.where(run.c.started_at.is_not(None), run.c.finished_at.is_(None), _is_single())


def _is_single() -> ColumnElement[bool]:
    return run.c.kind.is_(None) | run.c.kind.not_in(PIPELINES)  # those cost by what they are made of
