"""The connections file: every connection of a deployment, and which of them keeps the artifacts of runs.

artifactsStore: runs
connections:
- {name: runs, kind: s3, schema: {bucket: "s3://acme/runs"}, connId: aws_default}
- {name: code, kind: git, schema: {url: "https://github.com/acme/models"}, connId: github}
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StrictStr, ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.connections.kinds import SCHEMAS, file_variables, mount_path_of
from polyaxon_airflow.errors import CompilationError, Fault, PolyaxonfileError
from polyaxon_airflow.init.arguments import STORES
from polyaxon_airflow.scalars import Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.connections import Connection
from polyaxon_airflow.source import read_document, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECRET_PREFIX = "polyaxon-connection-"  # noqa: S105 - of the names of secrets that are made for a run


class Entry(Connection):
    """A connection as the file lists it. `connId`: the Airflow connection that holds its secret values."""

    conn_id: Text | None = None

    def connection(self) -> Connection:
        """The connection that runs see.

        Values of an Airflow connection reach a container as those of a secret, which the runner makes for the run. A
        `secret` of the cluster's own is used instead on Kubernetes.
        """
        data = self.model_dump(exclude={"conn_id"}, exclude_unset=True)
        mount_path = self.secret.mount_path if self.secret else None
        if self.conn_id and self.secret is None:
            mount_path = mount_path_of(self)
            where = {"mount_path": mount_path} if mount_path else {}
            data["secret"] = {"name": secret_name(self.name), **where}
        variables = file_variables(self, mount_path, is_ours=self.secret is None)
        if variables:
            data["env"] = [*_pairs(self.env), *variables]
        return Connection(**data)


class ConnectionsFile(Section):
    """The file as it is written."""

    connections: list[Entry] = Field(default_factory=list)
    artifacts_store: Annotated[Entry | StrictStr, Field(union_mode="left_to_right")] | None = None


@dataclass(frozen=True)
class Catalogue:
    """The connections of a deployment, ready to be asked."""

    entries: tuple[Entry, ...] = ()
    store: str | None = None  # name of the connection that keeps artifacts

    @cached_property
    def connections(self) -> Mapping[str, Connection]:
        """What runs may ask for, by name."""
        return {entry.name: entry.connection() for entry in self.entries}

    @property
    def artifacts_store(self) -> Connection | None:
        return self.connections[self.store] if self.store else None

    def find(self, name: str) -> Connection:
        """A connection by name. Raises CompilationError, naming what is known."""
        found = self.connections.get(name)
        if found is None:
            raise CompilationError([self.unknown(name)])
        return found

    def unknown(self, name: str) -> Fault:
        """The fault of asking for a name that is not there."""
        known = ", ".join(self.connections) or "none"
        return Fault(
            f"unknown connection '{name}'; known: {known}",
            suggestion=explain.suggest(name, self.connections)
            or "Add it to the connections file ([polyaxon] connections_file).",
            rule="unknown-connection",
        )


def contexts_of(connections: Mapping[str, Connection]) -> dict[str, dict[str, Any]]:
    """What templates see as `connections.<name>`: its schema, with `name` and `kind` (spec section 3.4)."""
    return {
        name: {**(connection.schema_ or {}), "name": name, "kind": connection.kind}
        for name, connection in connections.items()
    }


def secret_name(name: str) -> str:
    """The secret that stands for an Airflow connection in a pod, by the name of the entry (a DNS label).

    >>> secret_name("My_Bucket")
    'polyaxon-connection-my-bucket'
    """
    return SECRET_PREFIX + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def catalogue_of(file: Path) -> Catalogue:
    """As `read_catalogue`, which a process does once for as long as the file stays the same."""
    return _read(file, stamp(file))


def read_catalogue(source: str | Path, *, file: str | None = None) -> Catalogue:
    """Read a connections file from a text or a path; `file` is its name in faults.

    Raises PolyaxonfileError with all its faults.
    """
    document = read_document(source, file=file)
    try:
        model = ConnectionsFile.model_validate(document.value)
    except ValidationError as error:
        found = explain.faults(error, ConnectionsFile, document.value)
        raise PolyaxonfileError(map(document.locate, found)) from error
    faults = list(_faults(model))
    if faults:
        raise PolyaxonfileError(map(document.locate, faults))
    store = model.artifacts_store
    if isinstance(store, Entry):  # as in the configuration of Polyaxon's agents
        return Catalogue((*model.connections, store), store.name)
    return Catalogue(tuple(model.connections), store)


@lru_cache(maxsize=4)
def _read(file: Path, _stamp: object) -> Catalogue:
    return read_catalogue(file)


def _faults(model: ConnectionsFile) -> Iterator[Fault]:
    """What no entry alone can know, and what its kind asks of its schema."""
    for index, entry in enumerate(model.connections):
        yield from _schema_faults(("connections", index), entry)
    store = model.artifacts_store
    if isinstance(store, Entry):
        yield from _schema_faults(("artifactsStore",), store)
    names = Counter(secret_name(entry.name) for entry in model.connections)
    if isinstance(store, Entry):
        names[secret_name(store.name)] += 1
    for index, entry in enumerate(model.connections):
        if names[secret_name(entry.name)] > 1:
            message = f"connection '{entry.name}' stands here more than once, up to case and punctuation"
            yield Fault(message, path=("connections", index, "name"), rule="duplicate-name")
    by_name = {entry.name: entry for entry in model.connections}
    if isinstance(store, str):
        yield from _store_faults(store, by_name)


def _store_faults(store: str, known: Mapping[str, Entry]) -> Iterator[Fault]:
    at = ("artifactsStore",)
    entry = known.get(store)
    if entry is None:
        message = f"unknown connection '{store}'; known: {', '.join(known) or 'none'}"
        yield Fault(message, path=at, suggestion=explain.suggest(store, known), rule="unknown-connection")
    elif entry.kind not in STORES:
        message = f"connection '{store}' is of kind {entry.kind}, which keeps no artifacts; these do: {', '.join(STORES)}"
        yield Fault(message, path=at, rule="no-store")


def _schema_faults(path: tuple[str | int, ...], entry: Entry) -> Iterator[Fault]:
    """What a kind needs in its schema (spec section 2.15)."""
    schema = entry.schema_ or {}
    wanted = SCHEMAS.get(entry.kind)
    for name in wanted.required if wanted else ():
        if not schema.get(name):
            message = f"connection '{entry.name}' of kind {entry.kind} needs schema.{name}"
            yield Fault(message, path=(*path, "schema"), rule="missing-schema")
    for name in schema:
        if wanted and name not in wanted.known:
            yield Fault(
                f"unknown key '{name}' in the schema of kind {entry.kind}; known: {', '.join(wanted.known)}",
                path=(*path, "schema", name),
                suggestion=explain.suggest(name, wanted.known),
                rule="unknown-key",
                of_key=True,
            )
    for resource in (entry.secret, entry.config_map):
        if resource is not None and resource.items == []:
            message = f"items of '{resource.name}' are empty; leave them out for all of its keys"
            yield Fault(message, path=path, rule="no-items")


def _pairs(env: Any) -> list[Any]:
    return [list(pair) for pair in env.items()] if isinstance(env, dict) else list(env or ())
