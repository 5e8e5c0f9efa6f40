"""The tables. All begin with `plx_`, so that the store may live in a database with other things in it."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

Identity = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only an INTEGER


class Words(TypeDecorator[str]):
    """Any text; what PostgreSQL cannot hold, NUL and lone surrogates, becomes a question mark."""

    impl: type[String] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


class Name(Words):
    """A text that is compared and sorted: byte by byte, whatever locale PostgreSQL was made with."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(collation="C" if dialect.name == "postgresql" else None))


class Json(TypeDecorator[Any]):
    """JSON as text, NaN and infinities included, which no database's own JSON type takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """Some names, as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        return to_json([storable(name) for name in value])

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(json.loads(value))


class Utc(TypeDecorator[datetime]):
    """An aware datetime; UTC when it comes back."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the store takes datetimes with a time zone, got {value!r}")
        aware = value.astimezone(timezone.utc)
        return aware if dialect.name == "postgresql" else aware.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


class Number(TypeDecorator[float]):
    """A number that SQL compares. NaN is NULL: SQLite has no NaN, and PostgreSQL's is above all numbers."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        return None if value is None or math.isnan(value) else value


def storable(text: str) -> str:
    """A text as both backends take it."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def to_json(value: Any) -> str:
    """JSON text of a value; numpy's scalars become Python's, sets and tuples lists, anything else its text."""
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


metadata = MetaData()

run = Table(
    "plx_run",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("uuid", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("description", Name),
    Column("owner", Name),
    Column("project", Name),
    Column("user", Name),
    Column("dag_id", Name),
    Column("dag_run_id", Name),
    Column("task_id", Name),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("kind", Name),
    Column("runtime", Name),
    Column("backend", Name),
    Column("pipeline", Name),
    Column("controller", Name),
    Column("trial_index", Integer),
    Column("original", Name),
    Column("cloning_kind", Name),
    Column("managed_by", Name),
    Column("component_state", Name),
    Column("status", Name, nullable=False),
    Column("reason", Words),
    Column("pending", Name),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("schedule_at", Utc),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Column("heartbeat_at", Utc),
    Column("wait_time", Number),
    Column("duration", Number),
    Column("artifacts_store", Name),
    Column("artifacts_path", Words),
    Column("framework", Name),
    Column("queue", Name),
    Column("agent", Name),
    Column("namespace", Name),
    Column("cost", Number),
    Column("cpu", Number),
    Column("memory", Number),
    Column("gpu", Number),
    Column("custom", Number),
    Column("cache_key", Name),
    Column("cached_at", Utc),
    Column("inputs", Json, nullable=False),
    Column("outputs", Json, nullable=False),
    Column("meta", Json, nullable=False),
    Column("tags", Names, nullable=False),
    Column("connections", Names, nullable=False),
    Column("handle", Json),
    UniqueConstraint("uuid", name="plx_run_uuid"),
    Index("plx_run_updated", "updated_at"),
    Index("plx_run_project", "project", "updated_at"),
    Index("plx_run_created", "created_at"),
    Index("plx_run_pipeline", "pipeline", "trial_index"),
    Index("plx_run_controller", "controller"),
    Index("plx_run_dag", "dag_id", "dag_run_id", "task_id", "map_index"),
    Index("plx_run_name", "name"),
    Index("plx_run_status", "status"),
    Index("plx_run_cache", "cache_key"),
)


def _of_a_run(*, primary_key: bool = True) -> Column[int]:
    owner = ForeignKey("plx_run.id", ondelete="CASCADE")
    return Column("run_id", Identity, owner, primary_key=primary_key, nullable=False, autoincrement=False)


# The compiled operation of a run. Apart, so that a scan over runs need not read past it.
content = Table("plx_content", metadata, _of_a_run(), Column("content", Json, nullable=False))

condition = Table(
    "plx_condition",
    metadata,
    _of_a_run(),
    Column("number", Integer, primary_key=True),
    Column("status", Name, nullable=False),
    Column("reason", Words),
    Column("message", Words),
    Column("since", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
)

# Inputs, outputs and meta once more, a row a key, so that `metrics.loss:<0.1` is a look into an index. Section and
# name are one column: PostgreSQL takes columns to be independent, and would expect far fewer rows of two.
value = Table(
    "plx_value",
    metadata,
    _of_a_run(),
    Column("key", Name, primary_key=True),  # inputs.lr, outputs.loss, meta.iteration
    Column("number", Number),
    Column("text", Name),  # of what is no number
    Index("plx_value_number", "key", "number"),
    Index("plx_value_text", "key", "text"),
)

label = Table(
    "plx_label",
    metadata,
    _of_a_run(),
    Column("section", Name, primary_key=True),  # tags, connections
    Column("name", Name, primary_key=True),
    Index("plx_label_name", "section", "name"),
)

curve = Table(
    "plx_curve",
    metadata,
    Column("id", Identity, primary_key=True),
    _of_a_run(primary_key=False),
    Column("name", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("run_id", "name", name="plx_curve_of_run"),
)

# The points of a curve, packed by the few hundred: thousands of curves are read in one go.
segment = Table(
    "plx_segment",
    metadata,
    Column(
        "curve_id",
        Identity,
        ForeignKey("plx_curve.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True),
    Column("try_number", Integer, nullable=False),
    Column("points", LargeBinary, nullable=False),
)

suggestion = Table(
    "plx_suggestion",
    metadata,
    Column("sweep", Name, primary_key=True),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("params", Json, nullable=False),
    Column("params_hash", Name),  # only where no other trial may have the same params
    Column("meta", Json, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("sweep", "params_hash", name="plx_suggestion_params"),
)

decision = Table(
    "plx_decision",
    metadata,
    Column("run", Name, primary_key=True),
    Column("status", Name, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", Name),
)

cursor = Table(
    "plx_cursor",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", Words),  # JSON with sorted keys: compared as text
    Column("polled_at", Utc),
    Column("next_poll_at", Utc),
    Column("error", Words),
    Column("errors", Integer, nullable=False),
)

# What watchers of events have noticed; the numbers of one watch grow in the order of their transactions.
event = Table(
    "plx_event",
    metadata,
    Column("number", Identity, primary_key=True),
    Column("watch", Name, nullable=False),
    Column("key", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("label", Words, nullable=False),
    Column("data", Json, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("watch", "key", name="plx_event_key"),
    Index("plx_event_watch", "watch", "number"),
)

kept = Table(
    "plx_kept",
    metadata,
    Column("run", Name, primary_key=True),
    Column("until", Utc, nullable=False),
)

artifact = Table(
    "plx_artifact",
    metadata,
    _of_a_run(),
    Column("name", Name, primary_key=True),
    Column("is_input", Boolean, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("path", Words),
    Column("summary", Json, nullable=False),
    Index("plx_artifact_kind", "kind", "name"),
)

edge = Table(
    "plx_edge",
    metadata,
    Column("upstream", Name, primary_key=True),
    Column("downstream", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("values", Json, nullable=False),
    Index("plx_edge_downstream", "downstream"),
)
