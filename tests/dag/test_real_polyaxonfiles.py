"""The public quick-start and examples become DAGs that Airflow takes, unchanged."""

import pytest

from polyaxon_airflow.dag.build import build_dag
from polyaxon_airflow.plan.file import plan_file
from tests.corpus import cases, folder

SOURCES = {"polyaxon/polyaxon-quick-start", "polyaxon/polyaxon-examples"}


def is_wanted(row):
    """From one of these sources, without a component from outside, and accepted, were its inputs given."""
    return (
        (row["check"]["accepted"] or lacks_only_inputs(row))
        and row["group"] in ("quick-start", "examples")
        and row["source"]["repo"] in SOURCES
    )


def lacks_only_inputs(row):
    """Polyaxon wants them when it reads a file; here the trigger form asks for them."""
    return "non optional inputs" in (row["error"] or {"message": ""})["message"]


@pytest.mark.parametrize("row", cases("verdicts.jsonl", is_wanted))
def test_it_becomes_a_dag_that_airflow_serialises(row):
    from airflow.serialization.serialized_objects import DagSerialization

    file = folder() / row["file"]
    plan = plan_file(file, file.parent)
    dag = build_dag(plan)
    assert set(dag.task_ids) == {node.id for node in plan.nodes}
    assert DagSerialization.to_dict(dag)["dag"]["dag_id"] == plan.dag_id
