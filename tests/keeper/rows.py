"""Rows of Airflow's own tables, for the keeper to read and write."""

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import sqlalchemy as sa

NOW = datetime.now(timezone.utc)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


@contextmanager
def rows_in(url):
    """Rows of Airflow: a DAG `tune` of project vision, and a run of it."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = Rows(connection)
        rows.insert("dag_bundle", name="dags")
        limits = {
            "max_active_tasks": 16,
            "max_consecutive_failed_dag_runs": 0,
            "has_task_concurrency_limits": False,
        }
        rows.insert("dag", dag_id="tune", owners="ann, bob", is_paused=False, bundle_name="dags", **limits)
        rows.insert("dag_tag", dag_id="tune", name="project:vision")
        rows.insert(
            "dag_run", dag_id="tune", run_id="r", run_type="manual", state="running", run_after=ago(100)
        )
        yield rows
    engine.dispose()


class Rows:
    """Writes and reads rows through Airflow's own tables, whose defaults fill in what a test does not say."""

    def __init__(self, connection):
        self.connection = connection

    def insert(self, table, **values):
        from airflow.models.base import Base

        self.execute(sa.insert(Base.metadata.tables[table]).values(values))

    def task(self, task_id="trial", map_index=-1, state="scheduled", pool="lab.gpu", **more):
        key = uuid4()
        given = {
            "pool_slots": 1,
            "priority_weight": 1,
            "scheduled_dttm": ago(60),
            "span_status": "not_started",
        }
        where = {"task_id": task_id, "map_index": map_index, "state": state, "pool": pool}
        self.insert("task_instance", id=key, dag_id="tune", run_id="r", **where, **{**given, **more})
        return str(key)

    def execute(self, statement):
        self.connection.execute(statement)
        self.connection.commit()

    def scalars(self, column, *where):
        found = self.connection.scalars(sa.select(column).where(*where)).all()
        self.connection.rollback()
        return found
