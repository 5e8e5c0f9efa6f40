"""From events to runs: one run an event, or one for all that are there.

A run's id comes from its event, so that Airflow refuses a second run for it. A dispatcher that dies between a run and
its cursor so only asks once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from polyaxon_airflow.events.watches import Occurrence, Watch, run_id_of
from polyaxon_airflow.watching.following import dispatch_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from polyaxon_airflow.store import Event, RunStore

AT_ONCE = 50  # events between two moves of the cursor
MOST = 1000  # events in the conf of a run that stands for many
_LONGEST_NOTE = 1000  # characters, in Airflow's table
# Posts may become visible in another order than that of their times.
_OUT_OF_ORDER = timedelta(minutes=10)
_LATE = timedelta(seconds=30)  # the same before the first one, where older ones may be of no concern


class Start(Protocol):
    """Asks Airflow for a run."""

    def __call__(self, run_id: str, conf: dict[str, Any], note: str) -> bool:
        """False if there is a run of that id. Raises RefusedRunError if there can be none with this conf."""


class RefusedRunError(Exception):
    """Airflow will never start this run, as its conf is not what the DAG takes."""


@dataclass
class Dispatched:
    """What came of it."""

    started: list[str] = field(default_factory=list)  # run ids
    refused: list[str] = field(default_factory=list)  # sentences


@dataclass(frozen=True)
class Post:
    """A custom event, as Airflow keeps it."""

    id: int
    at: datetime
    extra: dict[str, Any]


@dataclass(frozen=True)
class Dispatcher:
    """Starts the runs of one DAG for the events of one watch."""

    store: RunStore
    watch: Watch
    dag_id: str
    start: Start
    coalesce: bool = False

    def dispatch(self, first: int | None) -> Dispatched:
        """Start runs for the events that were noticed since the last time.

        `first`: the number of the first event that a dispatcher is to see which has never run for this watch. None if
        what woke it was no event of this watch: then one that has never run waits for its own, since those that are
        there may be older than its DAG, or on their way to it.
        """
        position = self._position(first)
        if position is None:
            return Dispatched()
        done = Dispatched()
        while events := self.store.events.after(
            self.watch.name, position, None if self.coalesce else AT_ONCE
        ):
            for group in [events] if self.coalesce else [[event] for event in events]:
                self._start([_occurrence(event) for event in group], [event.at for event in group], done)
            position = self._move(position, events[-1].number)
        return done

    def dispatch_posts(
        self, first: datetime | None, posts: Callable[[datetime], Iterable[Post]]
    ) -> Dispatched:
        """The same for custom events, which Airflow keeps; `posts` gives those since a time, the oldest first.

        None is older than what came first: whoever posted it did not know of the DAG.
        """
        kept, done = self._cursor(), Dispatched()
        if kept is not None:
            begin = datetime.fromisoformat(kept["begin"])
        elif first is not None:
            begin = first - _LATE
        else:
            return done
        after = datetime.fromisoformat(kept["after"]) if kept else begin
        known = kept["ids"] if kept else []
        found = [post for post in posts(max(begin, after - _OUT_OF_ORDER)) if post.id not in known]
        for group in [found] if self.coalesce and found else [[post] for post in found]:
            self._start([_posted(self.watch, post) for post in group], [post.at for post in group], done)
        if found:
            moved = {
                "begin": begin.isoformat(),
                "after": max(after, *(post.at for post in found)).isoformat(),
                "ids": [*known, *(post.id for post in found)][-MOST:],
            }
            self.store.cursors.move(self._name, moved, expected=kept)
        return done

    def _start(self, occurrences: Sequence[Occurrence], times: Sequence[datetime], done: Dispatched) -> None:
        """One run for these events."""
        events = [self._event(one, at) for one, at in zip(occurrences, times, strict=True)]
        conf = {"event": events[-1], **({"events": events[-MOST:]} if self.coalesce else {})}
        run_id = run_id_of(self.watch.name, occurrences[-1])
        try:
            if self.start(run_id, conf, self._note(occurrences)):
                done.started.append(run_id)
        except RefusedRunError as error:
            done.refused.append(f"{occurrences[-1].label}: {error}")

    def _event(self, occurrence: Occurrence, at: datetime) -> dict[str, Any]:
        """What a run sees as `globals.event`."""
        known = {
            "kind": occurrence.kind,
            "ref": str(self.watch.ref),
            "id": occurrence.key,
            "label": occurrence.label,
        }
        return {"at": at.isoformat(), **occurrence.data, **known}

    def _note(self, occurrences: Sequence[Occurrence]) -> str:
        more = f" and {len(occurrences) - 1} more" if len(occurrences) > 1 else ""
        note = f"{occurrences[-1].kind} of {self.watch.ref}: {occurrences[-1].label}{more}"
        return note if len(note) <= _LONGEST_NOTE else f"{note[: _LONGEST_NOTE - 4]} ..."

    @property
    def _name(self) -> str:
        return dispatch_cursor(self.watch.name, self.dag_id)

    def _cursor(self) -> Any:
        kept = self.store.cursors.get(self._name)
        return None if kept is None else kept.value

    def _position(self, first: int | None) -> int | None:
        kept = self._cursor()
        if kept is not None:
            return int(kept)
        return None if first is None else self._move(None, first - 1)

    def _move(self, expected: int | None, number: int) -> int:
        """Where the cursor is then; elsewhere, if another attempt of the same task has moved it."""
        if self.store.cursors.move(self._name, number, expected=expected):
            return number
        return int(self._cursor())


def _occurrence(event: Event) -> Occurrence:
    return Occurrence(event.key, event.kind, event.label, event.data)


def _posted(watch: Watch, post: Post) -> Occurrence:
    """Who posts may name an event, so that posting it twice is one event."""
    key = str(post.extra.get("key") or post.id)
    return Occurrence(key, watch.kinds[0], str(post.extra.get("label") or key), post.extra)
