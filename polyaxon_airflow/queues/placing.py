"""Where the runs of an operation queue: the pool, and how many of its slots each takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.queues.lookup import ANYBODY
from polyaxon_airflow.queues.needs import needs_of
from polyaxon_airflow.queues.quantities import Amounts, excesses, slots, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.queues.lookup import Place, Queues, Requester
    from polyaxon_airflow.queues.quantities import Excess


class Placed(NamedTuple):
    """What Airflow needs to know."""

    pool: str
    slots: int = 1


def placed(
    queues: Queues,
    *names: str | None,
    run: Mapping[str, Any] | None = None,
    cost: float | None = None,
    requester: Requester = ANYBODY,
) -> Placed:
    """The pool and the slots of an operation's runs.

    `names`: its queue, then its component's, None where not given. `run`: its run section as in YAML.
    Raises CompilationError for a queue that it may not use, and for a run that its queue can never hold.
    """
    place = queues.place_of(*names, requester=requester)
    return Placed(place.pool, slots_of(place, run or {}, cost))


def named_by(pool: str) -> tuple[str, str] | None:
    """The `agent/queue` and the agent of a queue's pool; None for any other pool.

    >>> named_by("lab.gpu"), named_by("default_pool")
    (('lab/gpu', 'lab'), None)
    """
    agent, dot, queue = pool.partition(".")
    return (f"{agent}/{queue}", agent) if dot else None


def slots_of(place: Place, run: Mapping[str, Any], cost: float | None = None) -> int:
    """The slots of one run: its dominant share of the quota. Raises CompilationError if it can never fit."""
    quota = place.queue.quota.amounts() if place.queue.quota else Amounts()
    try:
        needs = needs_of(run, cost)
    except ValueError as error:
        raise CompilationError([Fault(str(error), path=("run",), rule="quantity")]) from error
    beyond = excesses(needs, quota)
    if beyond:
        raise CompilationError([_never_fits(place, excess) for excess in beyond])
    return slots(needs, quota, place.queue.slots) if place.queue.quota else 1


def _never_fits(place: Place, excess: Excess) -> Fault:
    needed, allowed = spoken(excess.name, excess.needed), spoken(excess.name, excess.allowed)
    message = f"a run needs {excess.name} {needed}, and queue '{place.name}' has {allowed} in all: it could never start"
    suggestion = "Ask for less, or use a queue with a larger quota."
    return Fault(message, path=("queue",), suggestion=suggestion, rule="never-fits")
