"""All watches that a store knows, and how they are doing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.events.watches import Watch
from polyaxon_airflow.schedules.times import span_text
from polyaxon_airflow.watching.following import DISPATCH
from polyaxon_airflow.watching.marks import unpack
from polyaxon_airflow.watching.sources import STREAM, stream_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from polyaxon_airflow.store import Cursor, Event, RunStore

CURSOR_SHOWN = 100  # characters
LATE = timedelta(minutes=2)  # a poll that takes so long is worth a question
PACKED = ("matching", "recent", "seen")  # names of packed marks in cursors


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


def overview(store: RunStore, only: Collection[str] | None = None) -> list[Line]:
    """Every watch, by name, or `only` some; custom events too, as far as a DAG has started runs for them.

    One that no file has any more stays until `begin_again`: if a file has it again, it goes on where it was.
    """
    cursors = {cursor.name: cursor for cursor in store.cursors.all()}
    dispatchers = [cursor for name, cursor in cursors.items() if name.startswith(DISPATCH)]
    watches = {name for name in cursors if not name.startswith((DISPATCH, STREAM))}
    watches |= {name for name in map(_watch_of, dispatchers) if Watch.from_name(name).family.name == "custom"}
    counts = store.events.counts()
    return [
        _line(store, name, cursors, dispatchers, counts.get(name, 0))
        for name in sorted(watches if only is None else watches & set(only))
    ]


def texts(line: Line, moment: datetime) -> Iterator[str]:
    """The lines that a person sees at a moment."""
    yield line.watch
    if line.polled_at is not None:
        yield f"  polled {_when(line.polled_at, moment)}{_following(line.next_poll_at, moment)}"
    if line.last is not None:
        yield f"  {_count(line.events)}, the last {_when(line.last.at, moment)}: {line.last.label}"
    elif line.polled_at is not None:
        yield "  no event yet"
    elif not line.waiting:
        yield "  not polled yet"
    if line.cursor is not None:
        yield f"  cursor: {shorten(json.dumps(_told(line.cursor)), CURSOR_SHOWN, placeholder=' ...')}"
    for dag_id, behind in line.waiting.items():
        yield f"  {dag_id}: {f'{_count(behind)} without a run yet; {_ask(dag_id)}' if behind else 'a run for each'}"
    if line.events and not line.waiting:
        yield f"  no DAG has started a run for them yet; {_ask('NAME')}"
    if line.error:
        yield f"  error: {line.error}"


def _following(due: datetime | None, moment: datetime) -> str:
    if due is None:
        return ""
    if moment - due > LATE:
        return f", was due again {_when(due, moment)}; does a triggerer run?"
    return f", next {_when(max(due, moment), moment)}"


def _told(cursor: Any) -> Any:
    """A cursor for people: of packed marks how many there are."""
    if not isinstance(cursor, dict):
        return cursor
    return {name: _marks(len(unpack(kept))) if name in PACKED else kept for name, kept in cursor.items()}


def _marks(count: int) -> str:
    return "1 mark" if count == 1 else f"{count} marks"


def _ask(dag_id: str) -> str:
    """What is wrong where runs do not start within moments; Airflow starts no run of a DAG that is paused."""
    return f"is {dag_id}.events paused?"


def _count(events: int) -> str:
    return "1 event" if events == 1 else f"{events} events"


def _when(moment: datetime, present: datetime) -> str:
    seconds = round((present - moment).total_seconds())
    if seconds == 0:
        return "now"
    length = span_text(timedelta(seconds=abs(seconds)))
    return f"{length} ago" if seconds > 0 else f"in {length}"


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
