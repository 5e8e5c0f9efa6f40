"""`events`: those of a dag's operations are about others of it, those of a whole polyaxonfile about what can be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.events.waiting import wanted_of
from polyaxon_airflow.events.watches import watch_of
from polyaxon_airflow.polyaxonfile.sources import Finding, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation


def check_events(authored: Operation) -> Iterator[Finding]:
    """What is wrong with the events of an operation, and of those inside of it."""
    for layer, path in walk(authored):
        is_inside = "run" in path
        for index, event in enumerate(layer.events if isinstance(layer.events, list) else ()):
            try:
                (wanted_of if is_inside else watch_of)(event.kinds, event.ref)
            except ValueError as error:
                yield Finding(layer, Fault(str(error), path=("events", index, "ref"), rule="event"))
