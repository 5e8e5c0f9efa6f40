"""Events inside a dag: an operation that starts when another one reaches a status, rather than when it ends.

    events: [{kinds: [run_status_running], ref: ops.train}]     a tensorboard beside a training

Any of the kinds will do, of any of the entries. What an operation also depends on, by `dependencies` or params, it waits
for as ever, with its `trigger`. If all that its events are about has ended and none of them came, a `trigger` that the
file gives decides instead, and without one the operation is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from polyaxon_airflow.events.families import STATUS, common_family
from polyaxon_airflow.events.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# A run that is at one of these has been at those before it, whether anybody saw it there or not.
LINE = ("created", "compiled", "queued", "scheduled", "starting", "running")
DONE = frozenset({"succeeded", "failed", "upstream_failed", "stopped", "skipped"})

State = Literal["wait", "reached", "never"]


@dataclass(frozen=True)
class Wanted:
    """Event kinds of an operation of the same dag, of which any will do."""

    operation: str
    kinds: tuple[str, ...]


class Judgement(NamedTuple):
    """Whether to go on waiting, and why not."""

    state: State
    reason: str = ""


def wanted_of(kinds: Iterable[str], ref: str) -> Wanted:
    """What an event of an operation in a dag waits for. Raises ValueError with a sentence if nothing can tell it."""
    parsed = parse_ref(ref)
    if parsed.about != "ops":
        raise ValueError(
            f"an operation of a dag waits for others of it (ops.NAME); give '{ref}' to the dag itself"
        )
    named = tuple(dict.fromkeys(kinds))
    common_family(named, parsed)
    if parsed.options:
        raise ValueError(f"ref '{ref}' of an operation takes no options")
    return Wanted(parsed.name, named)


def reached(statuses: Iterable[str], facts: Iterable[str] = ()) -> frozenset[str]:
    """The event kinds that a run with these statuses has brought; `facts` are kinds that are no statuses.

    >>> sorted(reached({"starting", "failed"}))[:3]
    ['run_status_compiled', 'run_status_created', 'run_status_done']
    """
    seen = set(statuses)
    passed = max((LINE.index(status) for status in seen if status in LINE), default=-1)
    if seen & {"succeeded", "processing"}:
        passed = len(LINE) - 1
    seen |= set(LINE[: passed + 1]) | ({"done"} if seen & DONE else set())
    return frozenset({f"{STATUS}{status}" for status in seen} | set(facts))


def judge(
    wanted: Sequence[Wanted], kinds: Mapping[str, frozenset[str]], ended: Mapping[str, str]
) -> Judgement:
    """Whether an event has come. `kinds`: operation -> what it has brought; `ended`: operation -> final status."""
    for want in wanted:
        found = next((kind for kind in want.kinds if kind in kinds.get(want.operation, ())), None)
        if found is not None:
            return Judgement("reached", f"{found} of ops.{want.operation}")
    if any(want.operation not in ended for want in wanted):
        return Judgement("wait")
    told = "; ".join(
        f"ops.{want.operation} {ended[want.operation]} without {' or '.join(want.kinds)}" for want in wanted
    )
    return Judgement("never", told)
