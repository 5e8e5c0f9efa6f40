"""The parts of Airflow 3.3's tables that the keeper uses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_metadata = sa.MetaData()


def _table(name: str, /, **columns: Any) -> sa.Table:
    return sa.Table(name, _metadata, *(sa.Column(column, kind) for column, kind in columns.items()))


_TIME = sa.DateTime(timezone=True)

TI = _table(
    "task_instance",
    id=sa.Uuid,
    dag_id=sa.String,
    run_id=sa.String,
    task_id=sa.String,
    map_index=sa.Integer,
    pool=sa.String,
    pool_slots=sa.Integer,
    state=sa.String,
    try_number=sa.Integer,
    max_tries=sa.Integer,
    priority_weight=sa.Integer,
    scheduled_dttm=_TIME,
    queued_dttm=_TIME,
    end_date=_TIME,
    duration=sa.Float,
)
RUN = _table(
    "dag_run",
    dag_id=sa.String,
    run_id=sa.String,
    state=sa.String,
    run_after=_TIME,
    triggering_user_name=sa.String,
)
DAG = _table("dag", dag_id=sa.String, is_paused=sa.Boolean, owners=sa.String)
TAG = _table("dag_tag", dag_id=sa.String, name=sa.String)
NOTE = _table(
    "task_instance_note",
    ti_id=sa.Uuid,
    user_id=sa.String,
    content=sa.String,
    created_at=_TIME,
    updated_at=_TIME,
)
POOL = _table(
    "slot_pool", pool=sa.String, slots=sa.Integer, description=sa.String, include_deferred=sa.Boolean
)
