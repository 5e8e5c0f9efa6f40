"""What the store learns when Airflow ends a DAG run: of ours, on Airflow's own serialized DAGs; of others, nothing."""

from types import SimpleNamespace

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from polyaxon_airflow.closing import ClosingListener
from polyaxon_airflow.dag.build import build_dag
from polyaxon_airflow.execution.identity import pipeline_uuid
from tests.execution.flow import World

TEXT = """
kind: component
name: closed
run:
  kind: dag
  operations:
  - {name: a, component: {run: {kind: job, container: {image: b, command: ["true"]}}}}
  - {name: b, dependencies: [a], component: {run: {kind: job, container: {image: b, command: ["true"]}}}}
"""


def serialized(dag):
    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def ended(run_id, dag):
    return SimpleNamespace(dag_id="closed", run_id=run_id, dag=dag)


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__POLYAXON__STORE_URL", f"sqlite:///{tmp_path}/store.db")
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("state", "status"), [("success", "succeeded"), ("failed", "failed")], ids=["a success", "a failure"]
)
@pytest.mark.parametrize("loaded", [True, False], ids=["with its DAG", "without it, as the API server may"])
def test_the_end_of_a_dag_run_ends_its_dag(world, state, status, loaded):
    run = world.run(TEXT)
    dag = serialized(build_dag(world.plan(TEXT))) if loaded else None
    getattr(ClosingListener(), f"on_dag_run_{state}")(ended(run.run_id, dag), "")
    assert world.store.runs.get(pipeline_uuid("closed", run.run_id)).status == status


def test_a_dag_run_of_somebody_else_costs_no_look_into_the_store(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("AIRFLOW__POLYAXON__STORE_URL", "nonsense")
    with DAG("closed", schedule=None) as dag:
        EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")
    ClosingListener().on_dag_run_success(ended("run-1", serialized(dag)), "")
    assert caplog.messages == []


def test_a_store_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__POLYAXON__STORE_URL", f"sqlite:///{tmp_path}/none.db")
    ClosingListener().on_dag_run_success(ended("run-1", None), "")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_fails_is_told_in_the_log_and_stops_no_scheduler(monkeypatch, caplog):
    monkeypatch.setenv("AIRFLOW__POLYAXON__STORE_URL", "nonsense")
    ClosingListener().on_dag_run_failed(ended("run-1", None), "")
    assert caplog.messages == ["the runs of closed run-1 were not ended in the run store"]
