"""Metrics: points as they arrive, curves as policies and leaderboards read them.

A curve is stored as segments of packed points, so that a trial reads those of 5,000 others at once, and a
revision, so that it reads again only what has grown.
"""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter, lt
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select, update

from polyaxon_airflow.store import schema
from polyaxon_airflow.store.records import Curve
from polyaxon_airflow.store.rows import lock_run
from polyaxon_airflow.store.upsert import insert_new, put
from polyaxon_airflow.store.values import write_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from polyaxon_airflow.points import Point
    from polyaxon_airflow.store.database import Database

_FULL = 512  # points in a segment; a report rewrites at most one such segment a metric
_POINT = 24  # bytes of one
_AT_ONCE = 1000  # curves in one query


@dataclass(frozen=True)
class Metrics:
    """`store.metrics`."""

    database: Database

    def log(
        self,
        uuid: str,
        points: Iterable[Point],
        *,
        at: datetime,
        try_number: int | None = None,
        restarted: Collection[str] = (),
    ) -> None:
        """Add a batch of points to a run, in the order given: of a step reported twice, the last value stands.

        From the first step on that a later try reports, the points of earlier tries are superseded; a report
        of an earlier try than the run's is dropped. Metrics of the batch that are `restarted` lose all they had.
        The last value of each metric becomes an output of the run, None where it is not finite, as in Polyaxon.
        Raises StoreError if there is no such run.
        """
        batch: dict[str, list[Point]] = defaultdict(list)
        for point in points:
            batch[point.name].append(point)
        with self.database.write() as connection:
            run = lock_run(connection, uuid, "try_number", "outputs")
            number = run["try_number"] if try_number is None else try_number
            if not batch or number < run["try_number"]:
                return
            _forget(connection, run["id"], restarted)
            _append(connection, run["id"], batch, number)
            _show(connection, run, batch, number, at)

    def of(self, uuid: str) -> dict[str, Curve]:
        """All curves of a run, by metric."""
        with self.database.read() as connection:
            return {curve.metric: curve for curve in _read(connection, schema.run.c.uuid == uuid, {})}

    def curves(self, pipeline: str, metric: str, known: Iterable[Curve] = ()) -> list[Curve]:
        """The curves that the trials of a sweep have for a metric, by trial index.

        Give what an earlier call returned as `known`, and only curves that have grown since are read.
        """
        chosen = and_(schema.run.c.pipeline == pipeline, schema.curve.c.name == metric)
        with self.database.read() as connection:
            return _read(connection, chosen, {curve.run: curve for curve in known if curve.metric == metric})


def _forget(connection: Connection, run_id: int, names: Collection[str]) -> None:
    if names:
        table = schema.curve
        own = select(table.c.id).where(table.c.run_id == run_id, table.c.name.in_(names))
        connection.execute(delete(schema.segment).where(schema.segment.c.curve_id.in_(own)))


def _append(
    connection: Connection, run_id: int, batch: Mapping[str, Sequence[Point]], try_number: int
) -> None:
    ids = _curve_ids(connection, run_id, batch)
    tails = _tails(connection, ids.values())
    rows: list[dict[str, Any]] = []
    for name, points in batch.items():
        number, tail = _open_segment(tails.get(ids[name]), try_number)
        filled = [*tail, *((step, value, at) for _, step, value, at in points)]
        for start in range(0, len(filled), _FULL):
            packed = _pack(filled[start : start + _FULL])
            rows.append({"curve_id": ids[name], "number": number, "try_number": try_number, "points": packed})
            number += 1
    put(connection, schema.segment, rows)


def _open_segment(
    tail: tuple[int, int, bytes] | None, try_number: int
) -> tuple[int, list[tuple[int, float, float]]]:
    """The number of the segment to write, and the points that are in it; a new try begins a new one."""
    if tail is None:
        return 0, []
    number, stored_try, packed = tail
    if stored_try != try_number:
        return number + 1, []
    return number, list(zip(*_columns(packed), strict=True))


def _curve_ids(connection: Connection, run_id: int, names: Iterable[str]) -> dict[str, int]:
    """The curves of these metrics, made where they are not there, with their revision raised."""
    table = schema.curve
    own = and_(table.c.run_id == run_id, table.c.name.in_(list(names)))
    connection.execute(update(table).where(own).values(revision=table.c.revision + 1))
    ids = {row.name: row.id for row in connection.execute(select(table.c.name, table.c.id).where(own))}
    for name in names:
        if name not in ids:
            row = {"run_id": run_id, "name": name, "revision": 0}
            ids[name] = insert_new(connection, table, row)
    return ids


def _tails(connection: Connection, curve_ids: Iterable[int]) -> dict[int, tuple[int, int, bytes]]:
    """The last segment of each curve: its number, its try, its points."""
    table = schema.segment
    last = (
        select(table.c.curve_id, func.max(table.c.number).label("number"))
        .where(table.c.curve_id.in_(list(curve_ids)))
        .group_by(table.c.curve_id)
        .subquery()
    )
    query = select(table).join(
        last, and_(table.c.curve_id == last.c.curve_id, table.c.number == last.c.number)
    )
    return {row.curve_id: (row.number, row.try_number, row.points) for row in connection.execute(query)}


def _show(
    connection: Connection,
    run: Mapping[str, Any],
    batch: Mapping[str, Sequence[Point]],
    try_number: int,
    at: datetime,
) -> None:
    """The last values, as outputs of the run."""
    last = {name: points[-1].value for name, points in batch.items()}
    outputs = {name: value if math.isfinite(value) else None for name, value in last.items()}
    changed = {"outputs": {**run["outputs"], **outputs}, "try_number": try_number, "updated_at": at}
    own = schema.run.c.id == run["id"]
    connection.execute(update(schema.run).where(own).values({**changed, "heartbeat_at": at}))
    write_values(connection, run["id"], "outputs", outputs)


def _read(connection: Connection, chosen: ColumnElement[bool], known: Mapping[str, Curve]) -> list[Curve]:
    table, run = schema.curve, schema.run
    query = (
        select(run.c.uuid, run.c.trial_index, table.c.name, table.c.id, table.c.revision)
        .join(run, run.c.id == table.c.run_id)
        .where(chosen)
        .order_by(run.c.trial_index.nulls_last(), run.c.id, table.c.name)
    )
    rows = connection.execute(query).all()
    grown = [row for row in rows if (curve := known.get(row.uuid)) is None or curve.revision != row.revision]
    segments = _segments(connection, [row.id for row in grown])
    fresh = {
        row.id: Curve(row.uuid, row.trial_index, row.name, *_merge(segments.get(row.id, [])), row.revision)
        for row in grown
    }
    return [fresh[row.id] if row.id in fresh else known[row.uuid] for row in rows]


def _segments(connection: Connection, curve_ids: Sequence[int]) -> dict[int, list[tuple[int, bytes]]]:
    """Try and points of the segments of each curve, in order."""
    table = schema.segment
    found: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for start in range(0, len(curve_ids), _AT_ONCE):
        query = (
            select(table.c.curve_id, table.c.try_number, table.c.points)
            .where(table.c.curve_id.in_(curve_ids[start : start + _AT_ONCE]))
            .order_by(table.c.curve_id, table.c.number)
        )
        for row in connection.execute(query):
            found[row.curve_id].append((row.try_number, row.points))
    return found


def _merge(
    segments: Sequence[tuple[int, bytes]],
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """Steps, values and times of a curve. A later try replaces an earlier one from its first step on."""
    if len(segments) == 1:
        steps, values, times = _columns(segments[0][1])
        if all(map(lt, steps, steps[1:])):
            return steps, values, times
    last: dict[int, tuple[int, float, float]] = {}
    for _, tried in groupby(segments, key=itemgetter(0)):
        points = [point for _, packed in tried for point in zip(*_columns(packed), strict=True)]
        first = min(step for step, _, _ in points)
        last = {step: point for step, point in last.items() if step < first}
        last.update((point[0], point) for point in points)
    rows = sorted(last.values(), key=itemgetter(0))
    return tuple(row[0] for row in rows), tuple(row[1] for row in rows), tuple(row[2] for row in rows)


def _pack(points: Sequence[tuple[int, float, float]]) -> bytes:
    """Columns one after the other, little end first: steps (int64), values and times (float64)."""
    steps, values, times = zip(*points, strict=True)
    return struct.pack(f"<{len(points)}q{2 * len(points)}d", *steps, *values, *times)


def _columns(packed: bytes) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    count = len(packed) // _POINT
    row = struct.unpack(f"<{count}q{2 * count}d", packed)
    return row[:count], row[count : 2 * count], row[2 * count :]
