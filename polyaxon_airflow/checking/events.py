"""`events` that start a dag: queries that no run store could answer, and connections of a kind that has no such events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.events.families import common_family
from polyaxon_airflow.events.refs import parse_ref
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.checking.joins import QueryCheck
    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.events.refs import Ref
    from polyaxon_airflow.polyaxonfile.operation import Operation


def check_watched(
    authored: Operation, query: QueryCheck | None, connections: Catalogue | None
) -> Iterator[Finding]:
    """What nobody would ever notice; only as far as there is who can tell."""
    for layer in layers(authored):
        for index, event in enumerate(layer.events if isinstance(layer.events, list) else ()):
            try:
                ref = parse_ref(event.ref)
                found = [*_queries(ref, query), *_kind(event.kinds, ref, connections)]
            except ValueError:  # reading the file has told of it
                continue
            for message, suggestion in found:
                path = ("events", index, "ref")
                fault = Fault(message, path=path, suggestion=suggestion, severity="warning", rule="event")
                yield Finding(layer, fault)


def _queries(ref: Ref, query: QueryCheck | None) -> Iterator[tuple[str, str | None]]:
    if query is None:
        return
    for text in ref.options.get("query", ()):
        for _, error in query(text, None):
            yield f"the query '{text}' cannot be read: {error.brief}", error.suggestion


def _kind(kinds: Iterable[str], ref: Ref, connections: Catalogue | None) -> Iterator[tuple[str, str | None]]:
    family = common_family(kinds, ref)
    connection = connections.connections.get(ref.name) if connections and family.connections else None
    if connection is not None and connection.kind not in family.connections:
        wanted = " or ".join(family.connections)
        yield (
            f"connection '{ref.name}' is of kind {connection.kind}, and '{family.kinds[0]}' needs {wanted}",
            None,
        )
