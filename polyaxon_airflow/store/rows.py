"""Runs as rows: read into values, found by uuid."""

from __future__ import annotations

from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import schema
from polyaxon_airflow.store.records import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

NAMES = [field.name for field in fields(Run) if field.name != "content"]
COLUMNS = [schema.run.c[name] for name in NAMES]
OWN = ("uuid", "name", "created_at")  # what every run has
_NEW: dict[str, Any] = {
    field.name: MappingProxyType({}) if field.default_factory is not MISSING else field.default
    for field in fields(Run)
    if field.name not in OWN
}


def to_run(row: Sequence[Any], content: Any = None) -> Run:
    """The run in a row of COLUMNS."""
    return partial_run(NAMES, row, content)


def partial_run(names: Sequence[str], row: Sequence[Any], content: Any = None) -> Run:
    """A run of some of its fields, OWN among them, the others as in a new one.

    Not by the constructor: what the store gives back needs no check, and a thousand runs take half of the time.
    """
    run = object.__new__(Run)
    vars(run).update(_NEW, content=content)
    vars(run).update(zip(names, row, strict=True))
    return run


def find_run(connection: Connection, uuid: str) -> Run | None:
    """The whole run, with its content."""
    query = select(schema.content.c.content, *COLUMNS).outerjoin_from(schema.run, schema.content)
    row = connection.execute(query.where(schema.run.c.uuid == uuid)).one_or_none()
    return None if row is None else to_run(row[1:], row[0])


def the_run(connection: Connection, uuid: str) -> Run:
    """Raises StoreError if there is no such run."""
    run = find_run(connection, uuid)
    if run is None:
        raise StoreError(f"the run store has no run {uuid}")
    return run


def lock_run(connection: Connection, uuid: str, *columns: str) -> Mapping[str, Any]:
    """The id and these columns of a run, which nobody else changes until the transaction ends.

    Raises StoreError if there is no such run.
    """
    query = select(schema.run.c.id, *(schema.run.c[name] for name in columns)).where(
        schema.run.c.uuid == uuid
    )
    row = connection.execute(query.with_for_update()).mappings().one_or_none()
    if row is None:
        raise StoreError(f"the run store has no run {uuid}")
    return {**row}
