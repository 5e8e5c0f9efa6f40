"""What starts DAGs: repositories, stores, registries and runs, looked at again and again. No Airflow here.

    Source   one thing outside, as `git` or `files`; `look()` is one poll, and all watches of it share that
    View     what a poll saw; `step(watch, cursor)` tells what is new for one watch since its cursor
    Step     the occurrences, and the cursor that stands behind them

A view is compared with a cursor, never with the view before: a watcher that was away for a day sees what happened in
that day. The store keeps occurrences in the transaction that moves the cursor, so each is noticed once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from polyaxon_airflow.events.watches import Occurrence, Watch
    from polyaxon_airflow.sections.connections import Connection


@dataclass(frozen=True)
class Place:
    """What a watch's ref names: a connection's schema, with what gives access to it."""

    name: str
    kind: str  # of the connection: git, s3, host_path, registry, ...
    settings: Mapping[str, Any] = field(default_factory=dict)  # `schema` of the connection
    variables: Mapping[str, str] = field(
        default_factory=dict
    )  # credentials and endpoints, by their usual names

    @classmethod
    def of(cls, connection: Connection, secrets: Mapping[str, str]) -> Place:
        """A connection with its secret values; what its own `env` says goes over those, as in a container."""
        given = {entry["name"]: str(entry["value"]) for entry in connection.variables() if "value" in entry}
        return cls(connection.name, connection.kind, connection.schema_ or {}, {**secrets, **given})


@dataclass(frozen=True)
class Step:
    """What is new for a watch, in the order in which it happened."""

    occurrences: tuple[Occurrence, ...]
    cursor: Any  # JSON, never None
    note: str | None = None  # why nothing may ever come: a branch that is not there


class View(Protocol):
    """What one poll saw."""

    def is_same_for(self, watch: Watch) -> bool:
        """Whether it is sure to hold nothing new for a watch that has stepped on the view before it."""

    def step(self, watch: Watch, cursor: Any) -> Step | None:
        """What is new for a watch; None if nothing is, not even the cursor. May block. Raises WatchError.

        A cursor of None is a watch that has not looked yet: what is there already is not new to it, unless it says
        `existing=true`.
        """


class Source(Protocol):
    """One thing outside that watches look at together."""

    def look(self, watches: Collection[Watch], now: datetime) -> View:
        """One poll, for these watches. Blocks. Raises WatchError with one sentence."""

    def close(self) -> None:
        """Let go of connections and private files."""
