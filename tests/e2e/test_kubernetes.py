"""Runs on Kubernetes in a real Airflow: the cluster is emulated, its pods are processes of this machine."""

import json
from pathlib import Path

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.store import open_store
from tests.e2e.driver import Driver
from tests.kube.cluster import Cluster
from tests.kube.fixtures import needs_namespaces

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def cluster():
    needs_namespaces()
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def airflow(cluster, tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": cluster.kubeconfig}}
    settings = {
        "AIRFLOW_CONN_EMULATED": json.dumps(connection),
        "AIRFLOW__POLYAXON__RUNNER": "kubernetes",
        "AIRFLOW__POLYAXON__KUBERNETES_CONN_ID": "emulated",
        "AIRFLOW__POLYAXON__HELPER_IMAGE": "helper",
        "AIRFLOW__POLYAXON__POD_DEFAULTS": json.dumps({"env": {"PYTHONPATH": str(ROOT)}}),
        "AIRFLOW__POLYAXON__POD_START_TIMEOUT": "2",
        "AIRFLOW__POLYAXON__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__POLYAXON__GRACE": "3",
        "PYTHONPATH": str(ROOT),
    }
    with EmbeddedAirflow(home / "home", home / "dags", settings=settings) as running:
        yield running


@pytest.fixture
def driver(airflow):
    return Driver(airflow)


@pytest.fixture
def store(airflow):
    with open_store(f"sqlite:///{airflow.home}/polyaxon/store.db") as store:
        yield store


def pods_of(cluster):
    resource = cluster.server.objects.types["v1", "pods"]
    return cluster.call(cluster.server.objects.select, resource)


def creations(cluster):
    return sum((method, path) == ("POST", PODS) for method, path, _ in cluster.requests)


TRAIN = """
    kind: component
    name: train
    inputs: [{name: lr, type: float, value: 0.1, toEnv: LR}]
    outputs: [{name: loss, type: metric}]
    run:
      kind: job
      init: [{file: {filename: hello.txt, content: "from init"}}]
      container:
        image: python:3.12
        command: [sh, -c]
        args:
          - |
            cat {{ globals.artifacts_path }}/hello.txt; echo; echo lr=$LR
            for i in 1 2 3; do echo loss=0.$i; sleep 1; done
            echo '{"acc": 0.9}' > $POLYAXON_OUTPUTS_FILE
            echo '{"step": 7, "f1": 0.5}' >> $POLYAXON_METRICS_FILE
"""


def test_a_run_in_a_pod_ends_its_task_from_the_trigger(driver, store, cluster):
    dag_id = driver.drop("train.yaml", TRAIN)
    run_id = driver.run(dag_id, {"lr": 0.5})
    task = driver.tasks(dag_id, run_id)["train", -1]
    assert (task["state"], task["try_number"]) == ("success", 1)
    outputs = driver.xcom(dag_id, run_id, "train")
    assert (outputs["acc"], outputs["f1"], outputs["loss"]) == (0.9, 0.5, 0.3)
    log = driver.log(dag_id, run_id, "train")
    for line in ("from init", "lr=0.5", "loss=0.1", "loss=0.3"):
        assert log.count(line) == 1
    (run,) = store.runs.find(at=run_time(), dag_id=dag_id)
    assert run.status == "succeeded"
    curves = store.metrics.of(run.uuid)
    assert list(curves["loss"].values) == [0.1, 0.2, 0.3]
    driver.until(lambda: pods_of(cluster) == [], "the pod to be removed")


def run_time():
    from polyaxon_airflow.clock import now

    return now()
