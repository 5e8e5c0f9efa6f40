"""One watch along the views of its stream: what is new goes to the store, and wakes those that start runs."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.events.watches import Watch
from polyaxon_airflow.store import Event
from polyaxon_airflow.watching.polling import sentence_of
from polyaxon_airflow.watching.sources import stream_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.watching import Step, View
    from polyaxon_airflow.watching.polling import Seen, Surroundings

DISPATCH = "dispatch "  # how the names of cursors begin that belong to those who start runs
_SHOWN = 20  # labels in one wake-up
# Between a wake-up and a look at whether it came to anything; then twice as long each time.
_REMIND, _REMIND_MOST = timedelta(seconds=20), timedelta(minutes=10)


def begin_again(store: RunStore, name: str, now: datetime) -> bool:
    """Let the watch of a name begin anew at its next poll, whatever its source holds; False if there is none."""
    if not store.cursors.forget(name):
        return False
    stream = stream_of(Watch.from_name(name))
    kept = store.cursors.get(stream)
    store.cursors.move(stream, now.isoformat(), expected=None if kept is None else kept.value)
    return True


def dispatch_cursor(watch: str, dag_id: str = "") -> str:
    """The name of the cursor of a DAG that starts runs for a watch; without a DAG, how all such names begin."""
    return f"{DISPATCH}{watch} -> {dag_id}"


class Follower:
    """A watch and its cursor."""

    def __init__(self, watch: Watch, around: Surroundings) -> None:
        self._watch = watch
        self._around = around
        self._name = watch.name
        self._cursor: Any = None
        self._told: str | None = None  # what is wrong with the watch, as the store has it
        self._reminder: tuple[datetime, timedelta] | None = (
            None  # when to look next after a wake-up, and after that
        )

    async def follow(self, seen: AsyncIterator[Seen]) -> AsyncIterator[dict[str, Any]]:
        """A wake-up whenever there are events to start runs for: `{watch, first, last, labels}`.

        Events are in the store before their wake-up is given, so those that it wakes find them. A wake-up that was lost
        with its triggerer is given again at the start, and one that came to nothing, as Airflow tells no paused DAG of
        it, after a while. `first` is the number of the first event that no DAG has started
        a run for, None if there is none: only for a DAG that has never started one, which is not to see older ones.
        """
        await self._begin()
        is_behind = True  # whether the last view was not stepped on, or there was none
        async for look in seen:
            if (reminder := await self._reminded()) is not None:
                yield reminder
            is_behind = is_behind or look.is_reset
            if self._watch not in look.watches or (not is_behind and look.view.is_same_for(self._watch)):
                is_behind = is_behind or self._watch not in look.watches
                continue
            try:
                if is_behind and (left_over := await self._left_over()) is not None:
                    self._remind()
                    yield left_over
                recorded = await self._advance(look.view)
                is_behind = False
            except Exception as error:  # noqa: BLE001 - see `poll`
                is_behind = True
                await self._tell(sentence_of(error))
                continue
            if recorded:
                self._remind()
                yield self._wake(recorded, first=recorded[0].number)

    async def _begin(self) -> None:
        """Let those who ask know of the watch: its source may never be seen, and then they ask why."""
        store, now = self._around.store, self._around.clock()
        with suppress(StoreError):
            if await self._around.do(lambda: store.cursors.get(self._name)) is None:
                await self._around.do(lambda: store.cursors.polled(self._name, at=now))

    def _remind(self, after: timedelta = _REMIND) -> None:
        self._reminder = (self._around.clock() + after, min(2 * after, _REMIND_MOST))

    async def _reminded(self) -> dict[str, Any] | None:
        """The wake-up of before once more, if it is time and there are still events without a run."""
        if self._reminder is None or self._around.clock() < self._reminder[0]:
            return None
        after = self._reminder[1]
        try:
            left_over = await self._left_over()
        except StoreError:
            return None  # the next look asks again
        self._reminder = None
        if left_over is not None:
            self._remind(after)
        return left_over

    async def _left_over(self) -> dict[str, Any] | None:
        """Read the cursor, and wake for what was noticed and not dispatched."""
        store = self._around.store
        await self._read_cursor()
        newest = await self._around.do(lambda: store.events.newest(self._name))
        cursors = await self._around.do(lambda: store.cursors.all(dispatch_cursor(self._name)))
        done = [int(cursor.value) for cursor in cursors] or [0]
        if min(done) >= newest:
            return None
        events = await self._around.do(lambda: store.events.after(self._name, min(done), limit=_SHOWN))
        unseen = await self._around.do(lambda: store.events.after(self._name, max(done), limit=1))
        return self._wake(events, first=unseen[0].number if unseen else None)

    async def _advance(self, view: View) -> Sequence[Event]:
        """Step on a view; again, from where the cursor is then, if another watcher was faster."""
        while True:
            step = await self._around.do(lambda: view.step(self._watch, self._cursor))
            recorded = [] if step is None else await self._record(step)
            if recorded is not None:
                await self._tell(None if step is None else step.note)
                return recorded
            await self._read_cursor()

    async def _record(self, step: Step) -> list[Event] | None:
        if not step.occurrences and step.cursor == self._cursor:
            return []
        store, expected, now = self._around.store, self._cursor, self._around.clock()
        events = [Event(one.key, one.kind, one.label, one.data, now) for one in step.occurrences]
        recorded = await self._around.do(
            lambda: store.events.record(self._name, events, expected=expected, value=step.cursor)
        )
        if recorded is not None:
            self._cursor = step.cursor
        return recorded

    async def _read_cursor(self) -> None:
        kept = await self._around.do(lambda: self._around.store.cursors.get(self._name))
        self._cursor = None if kept is None else kept.value

    async def _tell(self, error: str | None) -> None:
        """Write what is wrong with this watch, when that changes."""
        if error == self._told:
            return
        self._around.tell(f"{self._name}: {error or 'goes on'}")
        now = self._around.clock()
        try:
            await self._around.do(lambda: self._around.store.cursors.polled(self._name, at=now, error=error))
        except StoreError:
            return  # it is the store that is wrong; the next step tells again
        self._told = error

    def _wake(self, events: Sequence[Event], *, first: int | None) -> dict[str, Any]:
        labels = [event.label for event in events[:_SHOWN]]
        return {"watch": self._name, "first": first, "last": events[-1].number, "labels": labels}
