"""alembic runs this. The connection is the one that `migrate.bring_up_to_date` holds, lock and all."""

from alembic import context

from polyaxon_airflow.store.migrate import VERSION_TABLE
from polyaxon_airflow.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=lambda name, kind, _parents: kind != "table" or (name or "").startswith("plx_"),
)
with context.begin_transaction():
    context.run_migrations()
