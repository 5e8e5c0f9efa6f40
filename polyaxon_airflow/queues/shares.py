"""Who is next: start-time fair queueing over weighted flows, in any number of levels.

Every flow (a sweep, or an owner with sweeps below) has a *start tag*: the service it has had, in slot-seconds divided
by its weight. The flow with the smallest tag starts the next task. A flow that comes, or comes back, is given the
*virtual time*, the tag of what started last, so it neither waits for those before it nor is paid for its absence.

Goyal, Vin, Cheng, "Start-time Fair Queueing" (SIGCOMM 1996), section 2; with several slots it is SFQ(D) of Jin, Chase,
Kaur, "Interposed Proportional Sharing" (SIGMETRICS 2004). The papers know a packet's length when it comes; here a
start is charged an estimate, and the difference follows when the task has ended.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    Path = tuple[Hashable, ...]

ItemT = TypeVar("ItemT")


class FairQueue(Generic[ItemT]):
    """Waiting items of many flows; `take` gives them in fair order.

    A path names a flow: `("alice", "sweep 1")` is a sweep that shares with the other sweeps of alice what alice gets.
    All paths of a queue have the same length.

    `credit`: how far, in slot-seconds, a flow may be behind its share. What it could not use, since its own concurrency
    held it back, is not owed to it for ever.

    >>> fair = FairQueue(weight=lambda path: 2.0 if path == ("a",) else 1.0)
    >>> for path, task in [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 5), ("b", 6)]:
    ...     fair.push((path,), task)
    >>> def start():
    ...     path, task = fair.take()
    ...     fair.charge(path, 1.0)
    ...     return task
    >>> [start() for _ in range(6)]
    [1, 5, 2, 3, 6, 4]
    """

    def __init__(
        self,
        weight: Callable[[Path], float] = lambda path: 1.0,  # noqa: ARG005
        credit: Callable[[Path], float] = lambda path: inf,  # noqa: ARG005
    ) -> None:
        self._weight = weight
        self._credit = credit
        self._root: _Flow[ItemT] = _Flow((), 1.0, 0)
        self._arrivals = count(1)

    def __len__(self) -> int:
        return self._root.waiting

    def push(self, path: Path, item: ItemT) -> None:
        """Let an item wait behind the others of its flow."""
        leaf = self._flow(path)
        leaf.items.append(item)
        self._recount(leaf, 1)

    def set_waiting(self, path: Path, items: Iterable[ItemT]) -> None:
        """Let these items of a flow wait, and no others."""
        leaf = self._flow(path)
        leaf.items = deque(items)
        self._recount(leaf, len(leaf.items) - leaf.waiting)

    def take(
        self,
        fits: Callable[[ItemT], bool] = lambda item: True,  # noqa: ARG005
        enters: Callable[[Path], bool] = lambda path: True,  # noqa: ARG005
    ) -> tuple[Path, ItemT] | None:
        """Remove, start and give the next item that fits; None if there is none. The caller charges what it will use.

        Flows keep their own order: where the first item of a flow does not fit, the next flow is asked. Of flows whose
        path one does not enter nothing is asked.
        """
        leaf = self._root.first(fits, enters)
        if leaf is None:
            return None
        self.start(leaf.path)
        item = leaf.items.popleft()
        self._recount(leaf, -1)
        return leaf.path, item

    def start(self, path: Path) -> None:
        """An item of this flow starts now: the virtual time moves to the flow's tag."""
        for flow in self._flow(path).lineage():
            flow.running += 1
            if flow.parent:
                virtual = flow.parent.virtual
                flow.tag = max(flow.tag, virtual - self._credit(flow.path) / flow.weight)
                flow.parent.virtual = max(virtual, flow.tag)
                flow.offer()

    def charge(self, path: Path, service: float) -> None:
        """Count slot-seconds for a flow; negative ones give back what an estimate took too much."""
        for flow in self._flow(path).lineage():
            flow.tag += service / flow.weight
            flow.offer()

    def end(self, path: Path) -> None:
        """An item that was started has ended. A flow with nothing left is forgotten."""
        for flow in self._flow(path).lineage():
            flow.running -= 1
            flow.forget_if_idle()

    def tag(self, path: Path) -> float:
        """The service that a flow has had, by weight, from an origin that it shares with its siblings."""
        return self._flow(path).tag

    def copy(self) -> FairQueue[ItemT]:
        """The same queue, on which one can try what would start next."""
        other: FairQueue[ItemT] = FairQueue(self._weight, self._credit)
        other._root = self._root.copy(None)
        other._arrivals = count(next(self._arrivals))
        return other

    def _flow(self, path: Path) -> _Flow[ItemT]:
        flow = self._root
        for depth in range(1, len(path) + 1):
            prefix = path[:depth]
            child = flow.children.get(prefix)
            if child is None:
                child = _Flow(prefix, self._weight(prefix), next(self._arrivals), flow)
                flow.children[prefix] = child
            flow = child
        return flow

    def _recount(self, leaf: _Flow[ItemT], more: int) -> None:
        for flow in leaf.lineage():
            was, flow.waiting = flow.waiting, flow.waiting + more
            if flow.parent and flow.waiting and not was:
                flow.tag = max(flow.tag, flow.parent.virtual)
            flow.offer()
            flow.forget_if_idle()


class _Flow(Generic[ItemT]):
    """A node of the tree: a leaf has items, any other has children."""

    __slots__ = ("arrival", "children", "items", "offered", "offers", "parent", "path", "running", "tag", "virtual",
                 "waiting", "weight")  # fmt: skip

    def __init__(self, path: Path, weight: float, arrival: int, parent: _Flow[ItemT] | None = None) -> None:
        self.virtual: float = 0.0  # of its children
        self.path = path
        self.weight = weight
        self.arrival = arrival  # among equal tags the older flow goes first
        self.parent = parent
        self.tag = parent.virtual if parent else 0.0
        self.waiting = 0  # items here and below
        self.running = 0
        self.items: deque[ItemT] = deque()
        self.children: dict[Path, _Flow[ItemT]] = {}
        # Children by tag. An entry whose tag is no longer the one that the child has `offered` is stale.
        self.offers: list[tuple[float, int, _Flow[ItemT]]] = []
        self.offered: float | None = None

    def lineage(self) -> Iterator[_Flow[ItemT]]:
        flow: _Flow[ItemT] | None = self
        while flow is not None:
            yield flow
            flow = flow.parent

    def offer(self) -> None:
        """Stand in the parent's order at the present tag, or nowhere if nothing waits."""
        if self.parent is None:
            return
        if not self.waiting:
            self.offered = None
        elif self.offered != self.tag:
            self.offered = self.tag
            heappush(self.parent.offers, (self.tag, self.arrival, self))

    def forget_if_idle(self) -> None:
        if self.parent and not (self.running or self.waiting):
            self.parent.children.pop(self.path, None)

    def first(self, fits: Callable[[ItemT], bool], enters: Callable[[Path], bool]) -> _Flow[ItemT] | None:
        if self.items:
            return self if fits(self.items[0]) else None
        skipped = []
        found = None
        while self.offers and found is None:
            tag, _, child = self.offers[0]
            if child.offered == tag:
                found = child.first(fits, enters) if enters(child.path) else None
            if found is None:
                offer = heappop(self.offers)
                if child.offered == tag:
                    skipped.append(offer)
        for offer in skipped:
            heappush(self.offers, offer)
        return found

    def copy(self, parent: _Flow[ItemT] | None) -> _Flow[ItemT]:
        other: _Flow[ItemT] = _Flow(self.path, self.weight, self.arrival, parent)
        other.tag, other.virtual, other.waiting, other.running = (
            self.tag,
            self.virtual,
            self.waiting,
            self.running,
        )
        other.items = self.items.copy()
        other.children = {path: child.copy(other) for path, child in self.children.items()}
        for child in other.children.values():
            child.offer()
        return other
