"""One watch along the views of its stream: what is new goes to the store, and wakes those that start runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import StoreError, WatchError
from polyaxon_airflow.store import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from polyaxon_airflow.events.watches import Watch
    from polyaxon_airflow.watching import Step, View
    from polyaxon_airflow.watching.polling import Seen, Surroundings

DISPATCH = "dispatch "  # how the names of cursors begin that belong to those who start runs
_SHOWN = 20  # labels in one wake-up


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

    async def follow(self, seen: AsyncIterator[Seen]) -> AsyncIterator[dict[str, Any]]:
        """A wake-up whenever there are events to start runs for: `{watch, first, last, labels}`.

        Events are in the store before their wake-up is given, so those that it wakes find them. A wake-up that was lost
        with its triggerer is given again at the start. `first` is the number of the first event that no DAG has started
        a run for, None if there is none: only for a DAG that has never started one, which is not to see older ones.
        """
        is_behind = True  # whether the last view was not stepped on, or there was none
        async for look in seen:
            if self._watch not in look.watches or (not is_behind and look.view.is_same_for(self._watch)):
                is_behind = is_behind or self._watch not in look.watches
                continue
            try:
                if is_behind and (left_over := await self._left_over()) is not None:
                    yield left_over
                recorded = await self._advance(look.view)
                is_behind = False
            except (WatchError, StoreError) as error:
                is_behind = True
                await self._tell(str(error))
                continue
            if recorded:
                yield self._wake(recorded, first=recorded[0].number)

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
