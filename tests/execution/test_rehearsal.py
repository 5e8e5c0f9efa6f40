"""A trial is rehearsed: nothing of it stays, and a real one then needs no statement compiled."""

from datetime import datetime, timezone

import pytest
from sqlalchemy import event, func, select

from polyaxon_airflow.execution.rehearsal import rehearse
from polyaxon_airflow.store import schema
from tests.execution.flow import World

SWEEP = """
kind: operation
name: search
matrix: {kind: random, numRuns: 1, seed: 0, params: {x: {kind: uniform, value: [0, 1]}}}
cache: {disable: true}
component:
  inputs: [{name: x, type: float}]
  outputs: [{name: loss, type: metric}]
  run: {kind: job, container: {image: x, command: [echo, "step=1 loss={{ x }}"]}}
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def test_a_rehearsal_leaves_nothing_but_compiled_statements(world):
    rehearse(world.store, lambda: datetime(2026, 1, 1, tzinfo=timezone.utc))
    with world.store.database.read() as connection:
        tables = [table for table in schema.metadata.sorted_tables if table.name.startswith("plx_")]
        assert {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in tables
        } == {table.name: 0 for table in tables}
    compiled = []

    @event.listens_for(world.store.database.engine, "before_cursor_execute")
    def noted(_connection, _cursor, statement, _parameters, context, _many):
        if context is not None and context.compiled is not None and context.cache_hit.name == "CACHE_MISS":
            compiled.append(statement)

    run = world.run(SWEEP)
    assert run.outputs("search.best")["best"]["index"] == 0
    assert compiled == []
