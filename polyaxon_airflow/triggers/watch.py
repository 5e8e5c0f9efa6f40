"""`WatchTrigger`: waits for what happens outside of a DAG, for ever, behind an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from polyaxon_airflow.events.watches import Watch, watch_of
from polyaxon_airflow.watching.sources import stream_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable


class WatchTrigger(BaseEventTrigger):
    """Fires a wake-up whenever the store has events that runs are to be started for.

    Airflow keeps one for all DAGs that wait for the same, and makes one poll of all that look at the same place: the
    watches of 200 DAGs on a repository are one `git ls-remote` a minute.
    """

    def __init__(self, kinds: list[str], ref: str) -> None:
        """`kinds` and `ref`: those of a `Watch`.

        Raises TypeError for what is none, as another version may have written: any other error, from a trigger that it
        takes from its database, ends Airflow's triggerer, and again when that starts anew.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        try:
            self._watch = watch_of(kinds, ref)
        except ValueError as error:
            raise TypeError(f"nothing can be watched for {kinds} of '{ref}': {error}") from error

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", self._watch.to_dict()

    def shared_stream_key(self) -> Hashable:
        return stream_of(self._watch)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        from polyaxon_airflow.triggers.switchboard import switchboard  # not where DAGs are parsed

        async for seen in switchboard().poll(Watch.from_dict(kwargs)):
            yield seen

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        from polyaxon_airflow.triggers.switchboard import switchboard

        async for wake in switchboard().follow(self._watch, shared_stream):
            yield TriggerEvent(wake)  # type: ignore[no-untyped-call]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The same without others to share with; the triggerer prefers the two above."""
        async for event in self.filter_shared_stream(self.open_shared_stream(self._watch.to_dict())):
            yield event
