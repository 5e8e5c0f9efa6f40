"""What ended runs still have on a cluster."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_UTC = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plx_kept",
        sa.Column("run", _NAME, nullable=False),
        sa.Column("until", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
