"""Events that watchers have noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_UTC = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plx_event",
        sa.Column("number", _IDENTITY, nullable=False),
        sa.Column("watch", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("watch", "key", name="plx_event_key"),
    )
    op.create_index("plx_event_watch", "plx_event", ["watch", "number"])
