"""The first schema: runs and their parts, curves, sweeps, cursors, lineage."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# As `schema` has them today; a migration keeps what it did when it was written.
_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_UTC = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    _runs()
    _parts_of_runs()
    _curves()
    _sweeps()
    _cursors()
    _lineage()


def _runs() -> None:
    op.create_table(
        "plx_run",
        sa.Column("id", _IDENTITY, nullable=False),
        sa.Column("uuid", _NAME, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("description", _NAME),
        sa.Column("owner", _NAME),
        sa.Column("project", _NAME),
        sa.Column("user", _NAME),
        sa.Column("dag_id", _NAME),
        sa.Column("dag_run_id", _NAME),
        sa.Column("task_id", _NAME),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("kind", _NAME),
        sa.Column("runtime", _NAME),
        sa.Column("backend", _NAME),
        sa.Column("pipeline", _NAME),
        sa.Column("controller", _NAME),
        sa.Column("trial_index", sa.Integer()),
        sa.Column("original", _NAME),
        sa.Column("cloning_kind", _NAME),
        sa.Column("managed_by", _NAME),
        sa.Column("component_state", _NAME),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("pending", _NAME),
        sa.Column("created_at", _UTC, nullable=False),
        sa.Column("updated_at", _UTC, nullable=False),
        sa.Column("schedule_at", _UTC),
        sa.Column("started_at", _UTC),
        sa.Column("finished_at", _UTC),
        sa.Column("heartbeat_at", _UTC),
        sa.Column("wait_time", sa.Double()),
        sa.Column("duration", sa.Double()),
        sa.Column("artifacts_store", _NAME),
        sa.Column("artifacts_path", sa.Text()),
        sa.Column("framework", _NAME),
        sa.Column("queue", _NAME),
        sa.Column("agent", _NAME),
        sa.Column("namespace", _NAME),
        sa.Column("cost", sa.Double()),
        sa.Column("cpu", sa.Double()),
        sa.Column("memory", sa.Double()),
        sa.Column("gpu", sa.Double()),
        sa.Column("custom", sa.Double()),
        sa.Column("cache_key", _NAME),
        sa.Column("cached_at", _UTC),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("connections", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid", name="plx_run_uuid"),
    )
    op.create_index("plx_run_cache", "plx_run", ["cache_key"])
    op.create_index("plx_run_controller", "plx_run", ["controller"])
    op.create_index("plx_run_created", "plx_run", ["created_at"])
    op.create_index("plx_run_dag", "plx_run", ["dag_id", "dag_run_id", "task_id", "map_index"])
    op.create_index("plx_run_name", "plx_run", ["name"])
    op.create_index("plx_run_pipeline", "plx_run", ["pipeline", "trial_index"])
    op.create_index("plx_run_project", "plx_run", ["project", "updated_at"])
    op.create_index("plx_run_status", "plx_run", ["status"])
    op.create_index("plx_run_updated", "plx_run", ["updated_at"])


def _parts_of_runs() -> None:
    op.create_table(
        "plx_content",
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "plx_condition",
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("since", _UTC, nullable=False),
        sa.Column("updated_at", _UTC, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number"),
    )
    op.create_table(
        "plx_value",
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("number", sa.Double()),
        sa.Column("text", _NAME),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key"),
    )
    op.create_index("plx_value_number", "plx_value", ["key", "number"])
    op.create_index("plx_value_text", "plx_value", ["key", "text"])
    if op.get_context().dialect.name == "postgresql":
        # Else the planner takes texts to be spread evenly over keys, and `params.optimizer:adam` to be rare.
        op.execute("CREATE STATISTICS plx_value_texts (mcv) ON key, text FROM plx_value")
    op.create_table(
        "plx_label",
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("section", _NAME, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "section", "name"),
    )
    op.create_index("plx_label_name", "plx_label", ["section", "name"])


def _curves() -> None:
    op.create_table(
        "plx_curve",
        sa.Column("id", _IDENTITY, nullable=False),
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "name", name="plx_curve_of_run"),
    )
    op.create_table(
        "plx_segment",
        sa.Column("curve_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["curve_id"], ["plx_curve.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("curve_id", "number"),
    )


def _sweeps() -> None:
    op.create_table(
        "plx_suggestion",
        sa.Column("sweep", _NAME, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("params_hash", _NAME),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("sweep", "index"),
        sa.UniqueConstraint("sweep", "params_hash", name="plx_suggestion_params"),
    )
    op.create_table(
        "plx_decision",
        sa.Column("run", _NAME, nullable=False),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("by", _NAME),
        sa.PrimaryKeyConstraint("run"),
    )


def _cursors() -> None:
    op.create_table(
        "plx_cursor",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("polled_at", _UTC),
        sa.Column("next_poll_at", _UTC),
        sa.Column("error", sa.Text()),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _lineage() -> None:
    op.create_table(
        "plx_artifact",
        sa.Column("run_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("is_input", sa.Boolean(), nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("path", sa.Text()),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["plx_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "name", "is_input"),
    )
    op.create_index("plx_artifact_kind", "plx_artifact", ["kind", "name"])
    op.create_table(
        "plx_edge",
        sa.Column("upstream", _NAME, nullable=False),
        sa.Column("downstream", _NAME, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "downstream", "kind"),
    )
    op.create_index("plx_edge_downstream", "plx_edge", ["downstream"])
