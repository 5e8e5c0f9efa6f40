"""How many slots each pool has while queues lend idle slots to their children."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyaxon_airflow.queues.lookup import Place


class Demand(NamedTuple):
    """What the runs of a queue hold and want, in slots."""

    used: int
    waiting: int


def lent_slots(places: Iterable[Place], demand: Mapping[str, Demand]) -> dict[str, int]:
    """The slots of every pool that lends or borrows, by pool, for the demand of this moment.

    A queue always has its own concurrency; what a parent does not need itself goes to its children that want more,
    by priority, then by weight. Nothing is killed: a parent that wants its slots back gets them as the borrowers'
    runs end, and until then no pool of the family starts anything above the family's total.
    """
    families: dict[str, list[Place]] = {}
    parents: dict[str, Place] = {}
    for place in places:
        parents[place.pool] = place
        if place.parent_pool:
            families.setdefault(place.parent_pool, []).append(place)
    slots: dict[str, int] = {}
    for pool, children in families.items():
        slots.update(_family(parents[pool], children, demand))
    return slots


def _family(parent: Place, children: list[Place], demand: Mapping[str, Demand]) -> dict[str, int]:
    spare = max(0, parent.queue.slots - sum(demand.get(parent.pool, _NONE)))
    out = {child.pool: max(0, demand.get(child.pool, _NONE).used - child.queue.slots) for child in children}
    loans = _within(max(0, spare - sum(out.values())), _due(spare, children, demand), out)
    taken = sum(max(loans[pool], out[pool]) for pool in loans)
    return {
        parent.pool: max(0, parent.queue.slots - taken),
        **{child.pool: child.queue.slots + loans[child.pool] for child in children},
    }


def _due(spare: int, children: list[Place], demand: Mapping[str, Demand]) -> dict[str, int]:
    """What each child should have of the spare slots: one after the other to the one that has least by its weight."""
    due = {child.pool: 0 for child in children}
    for _ in range(spare):
        wanting = [child for child in children if _wants_more(child, due[child.pool], demand)]
        if not wanting:
            break
        due[min(wanting, key=lambda child: (-rank(child), due[child.pool] / child.queue.weight)).pool] += 1
    return due


def _within(room: int, due: Mapping[str, int], out: Mapping[str, int]) -> dict[str, int]:
    """The loans that may be given now: what others still hold of theirs cannot be given twice."""
    loans = {}
    for pool, wanted in due.items():
        more = min(max(0, wanted - out[pool]), room)
        room -= more
        loans[pool] = min(wanted, out[pool]) + more
    return loans


def _wants_more(child: Place, loan: int, demand: Mapping[str, Demand]) -> bool:
    limit = child.queue.borrow
    wanted = sum(demand.get(child.pool, _NONE)) - child.queue.slots
    return loan < wanted and (limit is None or loan < limit)


def rank(place: Place) -> float:
    """Its priority as a number to compare: Polyaxon's -1 is the highest."""
    return float("inf") if place.queue.priority == -1 else place.queue.priority


_NONE = Demand(0, 0)
