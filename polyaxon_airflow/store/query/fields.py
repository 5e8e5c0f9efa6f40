"""The fields of a run that a query may ask for, and what may be asked of each."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from polyaxon_airflow.errors import QueryError

# What a field takes: the table in spec section 3.9. A `flag` is true or false.
Kind = Literal["value", "search", "scalar", "cpu", "memory", "datetime", "flag"]
# Where it stands: a column of the run, a key of one of its mappings, a name among its tags or connections, one of
# its artifacts, a run at the other end of an edge; `fixed` is the same for all runs of this store.
Source = Literal["column", "mapping", "labels", "artifact", "edge", "fixed", "managed", "mine"]


@dataclass(frozen=True)
class Field:
    """A field of a query. `name` is the column, the mapping, the section, ... that `source` speaks of."""

    kind: Kind
    source: Source
    name: str
    key: str | None = None  # of a mapping: `loss` in `metrics.loss`


def _columns(kind: Kind, *names: str) -> dict[str, Field]:
    return {name: Field(kind, "column", name) for name in names}


_MAPPINGS: Final[dict[str, Field]] = {
    "params": Field("value", "mapping", "inputs"),
    "inputs": Field("value", "mapping", "inputs"),
    "in": Field("value", "mapping", "inputs"),
    "outputs": Field("value", "mapping", "outputs"),
    "out": Field("value", "mapping", "outputs"),
    "metrics": Field("scalar", "mapping", "outputs"),
    "meta_info": Field("value", "mapping", "meta"),
    "meta_values": Field("scalar", "mapping", "meta"),
    "meta_flags": Field("flag", "mapping", "meta"),
}
_FIELDS: Final[dict[str, Field]] = {
    **_columns("search", "uuid", "name", "description"),
    "id": Field("search", "column", "uuid"),
    "uid": Field("search", "column", "uuid"),
    **_columns("datetime", "created_at", "updated_at", "started_at", "finished_at", "schedule_at"),
    **_columns("value", "user", "status", "project", "kind", "runtime", "namespace", "backend", "framework"),
    **_columns(
        "value", "pipeline", "controller", "original", "cloning_kind", "component_state", "managed_by"
    ),
    **_columns("value", "pending", "agent", "queue", "artifacts_store"),
    "state": Field("value", "column", "cache_key"),
    "contributors": Field("value", "column", "user"),
    **_columns("scalar", "duration", "wait_time", "cost", "gpu", "custom"),
    **_columns("cpu", "cpu"),
    **_columns("memory", "memory"),
    "tags": Field("value", "labels", "tags"),
    "connections": Field("value", "labels", "connections"),
    "artifacts": Field("value", "artifact", "name"),
    "in_artifact_kind": Field("value", "artifact", "in_kind"),
    "out_artifact_kind": Field("value", "artifact", "out_kind"),
    "commit": Field("value", "artifact", "commit"),
    "upstream": Field("value", "edge", "upstream"),
    "downstream": Field("value", "edge", "downstream"),
    "is_managed": Field("flag", "managed", "managed_by"),
    "mine": Field("flag", "mine", "user"),
    "live_state": Field("value", "fixed", "1"),  # Polyaxon's "live"; nothing is archived here
    "teams": Field("value", "fixed", ""),  # Polyaxon Enterprise's; no run has one
}
# Fields that hold uuids of runs, or names of things, may say so: `pipeline.uuid`, `queue.name`.
_SPELLED_OUT: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("pipeline", "controller", "original", "upstream", "downstream"), frozenset({"uuid", "id"})
    ),
    **dict.fromkeys(
        ("project", "agent", "queue", "artifacts_store", "connections"), frozenset({"name", "id"})
    ),
}


def known_fields() -> list[str]:
    """All names, mappings as `metrics.NAME`."""
    return sorted([*_FIELDS, *(f"{name}.NAME" for name in _MAPPINGS)])


def find_field(text: str, query: str, position: int) -> Field:
    """The field of this name. Raises QueryError, placed in the query, if there is none."""
    name, dot, key = text.partition(".")
    if name in _MAPPINGS:
        if not key:
            raise QueryError(f"{name} needs a name", query, position, f"Write, for example, {name}.loss.")
        mapping = _MAPPINGS[name]
        return Field(mapping.kind, mapping.source, mapping.name, key)
    if name not in _FIELDS:
        raise QueryError(
            f"unknown field '{text}'; known: {', '.join(known_fields())}", query, position, _near(name)
        )
    if dot and key not in _SPELLED_OUT.get(name, ()):
        raise QueryError(f"{name} has no '{key}'", query, position, f"Write {name}.")
    return _FIELDS[name]


def find_sort_field(text: str, sort: str, position: int) -> Field:
    """The field of this name, if runs can be sorted by it. Raises QueryError otherwise."""
    field = find_field(text, sort, position)
    if field.source in {"column", "mapping"}:
        return field
    raise QueryError(f"runs cannot be sorted by {text}: a run may have several, or none", sort, position)


def _near(name: str) -> str | None:
    close = get_close_matches(name, [*_FIELDS, *_MAPPINGS], n=1)
    return f"Did you mean '{close[0]}'?" if close else None
