"""All watches that a store knows, and how they are doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.events.watches import Watch
from polyaxon_airflow.watching.following import DISPATCH
from polyaxon_airflow.watching.sources import STREAM, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from polyaxon_airflow.store import Cursor, Event, RunStore


@dataclass(frozen=True)
class Line:
    """One watch."""

    watch: str
    polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    cursor: Any = None  # JSON
    events: int = 0  # noticed so far
    last: Event | None = None
    waiting: Mapping[str, int] = field(
        default_factory=dict
    )  # DAG -> events for which it has started no run yet
    error: str | None = None


def overview(store: RunStore) -> list[Line]:
    """Every watch, by name; custom events too, as far as a DAG has started runs for them."""
    cursors = {cursor.name: cursor for cursor in store.cursors.all()}
    dispatchers = [cursor for name, cursor in cursors.items() if name.startswith(DISPATCH)]
    watches = {name for name in cursors if not name.startswith((DISPATCH, STREAM))}
    watches |= {_watch_of(cursor) for cursor in dispatchers}
    counts = store.events.counts()
    return [_line(store, name, cursors, dispatchers, counts.get(name, 0)) for name in sorted(watches)]


def _line(
    store: RunStore, name: str, cursors: Mapping[str, Cursor], dispatchers: list[Cursor], count: int
) -> Line:
    own, watch = cursors.get(name), Watch.from_name(name)
    if watch.family.name == "custom":
        return Line(name, waiting={_dag_of(cursor): 0 for cursor in dispatchers if _watch_of(cursor) == name})
    stream = cursors.get(stream_of(watch))
    newest = store.events.newest(name)
    last = next(iter(store.events.after(name, newest - 1)), None) if newest else None
    return Line(
        name,
        None if stream is None else stream.polled_at,
        None if stream is None else stream.next_poll_at,
        None if own is None else own.value,
        count,
        last,
        dict(_waiting(store, name, dispatchers)),
        (stream.error if stream is not None else None) or (own.error if own is not None else None),
    )


def _waiting(store: RunStore, name: str, dispatchers: list[Cursor]) -> Iterator[tuple[str, int]]:
    for cursor in dispatchers:
        if _watch_of(cursor) == name:
            yield _dag_of(cursor), len(store.events.after(name, int(cursor.value or 0)))


def _watch_of(dispatcher: Cursor) -> str:
    return dispatcher.name.removeprefix(DISPATCH).rpartition(" -> ")[0]


def _dag_of(dispatcher: Cursor) -> str:
    return dispatcher.name.rpartition(" -> ")[2]
