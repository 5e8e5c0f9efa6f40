"""`events` of operations: those that start the dag, and those that an operation inside of one waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.events.waiting import wanted_of
from polyaxon_airflow.sections.refs import operation_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.events import EventTrigger
    from polyaxon_airflow.events.waiting import Wanted


def starting_events(compiled: CompiledOperation) -> tuple[dict[str, Any], ...]:
    """The events that start a polyaxonfile, `{kinds, ref}` each."""
    return tuple({"kinds": list(event.kinds), "ref": event.ref} for event in _events(compiled))


def wanted_by(compiled: CompiledOperation) -> list[Wanted]:
    """What an operation of a dag waits for."""
    return [wanted_of(event.kinds, event.ref) for event in _events(compiled)]


def waited_for_as_a_whole(compiled: CompiledOperation, upstream: Iterable[str]) -> list[str]:
    """Of an operation's upstreams, those that have to end: named by more than its events."""
    named = set(compiled.dependencies or ()) if isinstance(compiled.dependencies, list) else set()
    read = {operation_of(param.ref or "") for param in (compiled.params or {}).values()}
    return [name for name in upstream if name in named or name in read]


def _events(compiled: CompiledOperation) -> list[EventTrigger]:
    return list(compiled.events) if isinstance(compiled.events, list) else []
