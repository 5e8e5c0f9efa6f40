"""The Airflow pools that a queues file asks for, and what separates the present ones from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from polyaxon_airflow.queues.snapshot import Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.queues.lookup import Place, Queues

_MARK = "Polyaxon queue "


class PoolChange(NamedTuple):
    """One pool that is not as the file wants it."""

    action: Literal["create", "update", "delete", "keep"]  # keep: not in the file any more, but still in use
    pool: str
    before: Pool | None
    after: Pool | None

    def __str__(self) -> str:
        signs = {"create": "+", "update": "~", "delete": "-", "keep": "!"}
        return f"{signs[self.action]} {self.pool}: {self._what()}"

    def _what(self) -> str:
        if self.before is None or self.after is None:
            whole = self.after or self.before
            note = "; in use, so it stays until its tasks have ended" if self.action == "keep" else ""
            return f"{_slots(whole.slots) if whole else ''}{note}"
        parts = []
        if self.before.slots != self.after.slots:
            parts.append(f"{_slots(self.before.slots)} -> {_slots(self.after.slots)}")
        if self.before.description != self.after.description:
            parts.append(f"description -> '{self.after.description}'")
        if self.before.include_deferred != self.after.include_deferred:
            parts.append("deferred tasks hold slots")
        return ", ".join(parts)


def pool_of(place: Place) -> Pool:
    """The pool of a queue. Deferred tasks hold their slots: their pods run meanwhile."""
    queue = place.queue
    said = f": {queue.description}" if queue.description else ""
    return Pool(queue.slots, f"{_MARK}{place.name}, {_slots(queue.slots)}{said}", include_deferred=True)


def pool_changes(queues: Queues, present: Mapping[str, Pool], in_use: set[str]) -> list[PoolChange]:
    """What to do so that every queue has its pool; nothing, if it has been done before.

    `present`: all pools of Airflow; only those that were made from a queues file are ever deleted.
    `in_use`: pools in which tasks run or wait.
    """
    changes = []
    for place in queues.places:
        before, after = present.get(place.pool), pool_of(place)
        if before is None:
            changes.append(PoolChange("create", place.pool, None, after))
        elif before != _with_loans(before, after, queues, place):
            changes.append(PoolChange("update", place.pool, before, after))
    for name, pool in present.items():
        if pool.description.startswith(_MARK) and name not in queues.pools():
            changes.append(PoolChange("keep" if name in in_use else "delete", name, pool, None))
    return changes


def _with_loans(before: Pool, after: Pool, queues: Queues, place: Place) -> Pool:
    """What the pool may be at this moment: the slots of one that lends or borrows change all the time."""
    lends = any(other.parent_pool == place.pool for other in queues.places)
    moves = (lends or place.parent_pool) and before.description == after.description
    return after._replace(slots=before.slots) if moves else after


def _slots(count: int) -> str:
    return "no limit" if count < 0 else f"{count} slot{'s' if count != 1 else ''}"
