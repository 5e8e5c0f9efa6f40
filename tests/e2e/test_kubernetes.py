"""Runs on Kubernetes in a real Airflow: the cluster is emulated, its pods are processes of this machine."""

import json
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from polyaxon_airflow.clock import now
from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.rest import run_path
from polyaxon_airflow.runtimes.metadata import UUID_LABEL
from polyaxon_airflow.store import open_store
from tests.e2e.driver import Driver
from tests.kube.cluster import Cluster
from tests.kube.fixtures import needs_namespaces
from tests.kube.network import ServiceNetwork

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SECRET = "s3cret-of-ada"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def cluster():
    needs_namespaces()
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def network(cluster):
    with ServiceNetwork(cluster.kubeconfig) as network:
        yield network


@pytest.fixture(scope="module")
def airflow(cluster, network, tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "connections.yaml").write_text("connections: [{name: api, kind: custom, connId: api}]")
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": cluster.kubeconfig}}
    settings = {
        "AIRFLOW__POLYAXON__CONNECTIONS_FILE": str(home / "connections.yaml"),
        "AIRFLOW_CONN_EMULATED": json.dumps(connection),
        "AIRFLOW_CONN_API": json.dumps({"conn_type": "http", "login": "ada", "password": SECRET}),
        "AIRFLOW__POLYAXON__RUNNER": "kubernetes",
        "AIRFLOW__POLYAXON__KUBERNETES_CONN_ID": "emulated",
        "AIRFLOW__POLYAXON__HELPER_IMAGE": "helper",
        "AIRFLOW__POLYAXON__POD_DEFAULTS": json.dumps({"env": {"PYTHONPATH": str(ROOT)}}),
        "AIRFLOW__POLYAXON__POD_START_TIMEOUT": "2",
        "AIRFLOW__POLYAXON__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__POLYAXON__GRACE": "3",
        "AIRFLOW__POLYAXON__ORPHANS_INTERVAL": "5",
        "AIRFLOW__POLYAXON__TTL_INTERVAL": "5",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
        "PYTHONPATH": str(ROOT),
        **network.variables,
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
      connections: [api]
      init: [{file: {filename: hello.txt, content: "from init"}}]
      container:
        image: python:3.12
        command: [sh, -c]
        args:
          - |
            cat {{ globals.artifacts_path }}/hello.txt; echo; echo lr=$LR; echo "password: $API_PASSWORD."
            for i in 1 2 3; do echo loss=0.$i; sleep 1; done
            echo '{"acc": 0.9}' > $POLYAXON_OUTPUTS_FILE
            echo '{"step": 7, "f1": 0.5}' >> $POLYAXON_METRICS_FILE
"""


def test_a_run_in_a_pod_ends_its_task_from_the_trigger(driver, airflow, store, cluster):
    dag_id = driver.drop("train.yaml", TRAIN)
    run_id = driver.run(dag_id, {"lr": 0.5})
    task = driver.tasks(dag_id, run_id)["train", -1]
    assert (task["state"], task["try_number"]) == ("success", 1)
    outputs = driver.xcom(dag_id, run_id, "train")
    assert (outputs["acc"], outputs["f1"], outputs["loss"]) == (0.9, 0.5, 0.3)
    log = driver.log(dag_id, run_id, "train")
    for line in ("from init", "lr=0.5", "loss=0.1", "loss=0.3"):
        assert log.count(line) == 1
    (run,) = store.runs.find(at=now(), dag_id=dag_id)
    assert run.status == "succeeded"
    curves = store.metrics.of(run.uuid)
    assert list(curves["loss"].values) == [0.1, 0.2, 0.3]
    driver.until(lambda: pods_of(cluster) == [], "the pod to be removed")
    assert "password: ***." in log
    for file in [*airflow.home.rglob("*.db*"), *airflow.home.rglob("*.log")]:
        with suppress(FileNotFoundError):  # a database's journal comes and goes
            assert SECRET.encode() not in file.read_bytes(), file


COUNTER = """
    kind: component
    name: counter
    inputs: [{name: seconds, type: int, value: 600}]
    outputs: [{name: n, type: metric}]
    run:
      kind: job
      container:
        image: busybox:1
        command: [sh, -c]
        args: ["trap 'exit 1' TERM; i=0; while [ $i -lt {{ seconds }} ]; do i=$((i + 1)); echo n=$i; sleep 1; done"]
"""


@pytest.fixture
def counting(driver, cluster):
    """Starts a run of the counter and waits for its first line in the task's log; no pod is left at the end."""
    started = []

    def start(**conf):
        dag_id = driver.drop("counter.yaml", COUNTER)
        started.append(driver.client.trigger(dag_id, conf))
        run_id = started[-1]
        driver.until(lambda: driver.states(dag_id, run_id).get("counter") == "deferred", "the deferral", 180)
        driver.until(lambda: "n=1" in driver.log(dag_id, run_id, "counter"), "its first line")
        return run_id

    yield start
    for run_id in started:
        driver.client.patch(run_path("counter", run_id), {"state": "failed"})
    driver.until(lambda: pods_of(cluster) == [], "the pods of failed runs to be deleted")


def task_path(run_id):
    return f"{run_path('counter', run_id)}/taskInstances/counter"


def uuids(cluster):
    return {pod["metadata"]["labels"][UUID_LABEL] for pod in pods_of(cluster)}


def test_marking_a_deferred_task_failed_deletes_its_pod(driver, store, cluster, counting):
    run_id = counting()
    (uuid,) = uuids(cluster)
    driver.client.patch(task_path(run_id), {"new_state": "failed"})
    driver.until(lambda: pods_of(cluster) == [], "the pod to be deleted")
    driver.until(lambda: store.runs.get(uuid).status == "stopped", "the run to be stopped")


def test_clearing_a_deferred_task_deletes_its_pod_and_starts_afresh(driver, cluster, counting):
    run_id = counting()
    (uuid,) = uuids(cluster)
    body = {"dry_run": False, "task_ids": ["counter"], "dag_run_id": run_id, "only_failed": False}
    driver.client.post("/dags/counter/clearTaskInstances", {**body, "only_running": False})
    driver.until(lambda: uuids(cluster) - {uuid}, "the pod of a new run", 120)
    driver.until(lambda: uuid not in uuids(cluster), "the pod of the old run to be deleted")
    driver.until(lambda: "n=1" in driver.log("counter", run_id, "counter", attempt=2), "its first line")


SERVED = """
    kind: component
    name: served
    run:
      kind: dag
      operations:
      - name: board
        component:
          termination: {culling: {timeout: 3600}, probe: {http: {path: /status, port: 6006}}}
          run:
            kind: service
            ports: [6006]
            init: [{file: {filename: late.txt, content: "begins late"}}]
            container:
              image: busybox:1
              command: [sh, -c]
              args: ["trap 'exit 0' TERM; echo serving; while true; do sleep 0.2; done"]
      - name: train
        component: {run: {kind: job, container: {image: "busybox:1", command: [sh, -c], args: ["sleep 10"]}}}
"""


@pytest.mark.slow
def test_a_service_is_ready_has_its_link_and_ends_when_nobody_needs_it(driver, store, cluster):
    dag_id = driver.drop("served.yaml", SERVED)
    run_id = driver.client.trigger(dag_id)

    def board():
        return next((run for run in store.runs.of_dag_run(dag_id, run_id) if run.task_id == "board"), None)

    driver.until(lambda: board() and board().status == "running", "the service to be ready", 180)
    url = f"http://plx-operation-{board().uuid}.default.svc:6006"
    links = driver.client.get(f"{run_path(dag_id, run_id)}/taskInstances/board/links")["extra_links"]
    assert links["Service"] == url
    assert driver.wait(dag_id, run_id) == "success"
    assert {task["state"] for task in driver.tasks(dag_id, run_id).values()} == {"success"}
    assert (board().status, board().reason) == ("stopped", "all that it was there for has ended")
    assert f"the service answers at {url}" in driver.log(dag_id, run_id, "board")
    driver.until(lambda: pods_of(cluster) == [], "its pod to be deleted")


IDLE = """
    kind: component
    name: idle
    termination: {culling: {timeout: 5}, probe: {http: {path: /used, port: 6007}}}
    run:
      kind: service
      ports: [6007]
      init:
      - file:
          filename: page.py
          content: |
            from http.server import BaseHTTPRequestHandler, HTTPServer

            class Page(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b'{"last_activity": "2026-01-01T00:00:00Z"}')

            HTTPServer(("127.0.0.1", 6007), Page).serve_forever()
      container: {image: "python:3.12", command: [python3, "{{ globals.artifacts_path }}/page.py"]}
"""


@pytest.mark.slow
def test_a_service_that_nobody_uses_any_more_ends(driver, store, cluster, network):
    dag_id = driver.drop("idle.yaml", IDLE)
    run_id = driver.run(dag_id)
    (run,) = store.runs.of_dag_run(dag_id, run_id)
    assert run.status == "stopped"
    assert re.fullmatch(r"nobody has used it for \d+ s, and termination.culling allows 5", run.reason)
    assert f"http://plx-operation-{run.uuid}.default.svc:6007/used" in network.asked
    assert driver.states(dag_id, run_id) == {"idle": "success"}
    driver.until(lambda: pods_of(cluster) == [], "its pod to be deleted")


@pytest.mark.slow
def test_marking_a_task_failed_whose_triggerer_is_away_deletes_its_pod(driver, airflow, store, cluster):
    """Nobody follows the run then: the keeper beside the scheduler finds it."""
    os.killpg(airflow.pid("triggerer"), signal.SIGKILL)
    try:
        dag_id = driver.drop("counter.yaml", COUNTER)
        run_id = driver.client.trigger(dag_id)
        driver.until(lambda: driver.states(dag_id, run_id).get("counter") == "deferred", "the deferral", 180)
        (uuid,) = uuids(cluster)
        driver.client.patch(task_path(run_id), {"new_state": "failed"})
        driver.until(lambda: pods_of(cluster) == [], "the pod to be deleted", 120)
        driver.until(lambda: store.runs.get(uuid).status == "stopped", "the run to be stopped")
    finally:
        airflow.start_component("triggerer")


@pytest.mark.slow
def test_a_killed_triggerer_costs_neither_a_second_pod_nor_a_line_nor_a_metric(
    driver, airflow, store, cluster, counting
):
    before = creations(cluster)
    run_id = counting(seconds=60)
    (uuid,) = uuids(cluster)
    driver.until(lambda: "n=14" in driver.log("counter", run_id, "counter"), "what comes after a beat")
    os.killpg(airflow.pid("triggerer"), signal.SIGKILL)
    airflow.start_component("triggerer")
    assert driver.wait("counter", run_id) == "success"
    assert creations(cluster) == before + 1
    printed = [int(n) for n in re.findall(r"n=(\d+)", driver.log("counter", run_id, "counter"))]
    assert sorted(set(printed)) == list(range(1, 61))
    assert len(printed) <= 60 + 30  # as many lines again as there were since the last beat, ten seconds ago
    assert list(store.metrics.of(uuid)["n"].values) == list(range(1, 61))


@pytest.mark.slow
def test_a_failure_is_tried_again_in_a_pod_of_its_own(driver, cluster):
    before = creations(cluster)
    text = """
        kind: component
        name: flaky
        termination: {maxRetries: 1}
        run:
          kind: job
          container: {image: "busybox:1", command: [sh, -c], args: ["echo try; exit 3"]}
    """
    dag_id = driver.drop("flaky.yaml", text)
    run_id = driver.run(dag_id)
    task = driver.tasks(dag_id, run_id)["flaky", -1]
    assert (task["state"], task["try_number"]) == ("failed", 2)
    assert creations(cluster) == before + 2
    for attempt in (1, 2):
        assert "failed: the main container exited with code 3" in driver.log(
            dag_id, run_id, "flaky", attempt=attempt
        )


FATAL = """
    kind: component
    name: fatal
    inputs: [{name: code, type: int, value: 42}]
    termination:
      maxRetries: 2
      ttl: 30
      podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}
    run:
      kind: job
      container: {image: "busybox:1", command: [sh, -c], args: ["exit {{ code }}"]}
"""


@pytest.mark.slow
def test_an_exit_code_that_no_retry_can_help_ends_a_run_whose_pod_goes_when_its_ttl_is_over(
    driver, store, cluster
):
    dag_id = driver.drop("fatal.yaml", FATAL)
    before = creations(cluster)
    run_id = driver.run(dag_id)
    task = driver.tasks(dag_id, run_id)["fatal", -1]
    assert (task["state"], task["try_number"], creations(cluster)) == ("failed", 1, before + 1)
    (run,) = store.runs.find(at=now(), dag_id=dag_id)
    driver.until(lambda: pods_of(cluster) == [], "the pod to be removed, though nothing else runs", 180)
    assert (now() - run.finished_at).total_seconds() > 29


def test_what_no_retry_can_help_fails_at_once(driver):
    text = """
        kind: component
        name: mistaken
        termination: {maxRetries: 3}
        run: {kind: tfjob, chief: {container: {image: "tensorflow:2"}}}
    """
    dag_id = driver.drop("mistaken.yaml", text)
    run_id = driver.run(dag_id)
    task = driver.tasks(dag_id, run_id)["mistaken", -1]
    assert (task["state"], task["try_number"]) == ("failed", 1)
    sentence = "run 'mistaken' needs a TFJob, which this cluster does not have: install the Kubeflow Training Operator"
    assert sentence in driver.log(dag_id, run_id, "mistaken")


@pytest.mark.slow
def test_a_trial_that_a_policy_stops_loses_its_pod_within_seconds(driver, store, cluster):
    text = """
        kind: operation
        name: sweep
        matrix:
          kind: grid
          params: {slope: {kind: choice, value: [3, 2, 0]}}
          earlyStopping:
            - kind: metric_early_stopping
              metric: score
              optimization: maximize
              value: 1000
              policy: {kind: median, evaluationInterval: 1, minInterval: 4, minSamples: 2}
        component:
          inputs: [{name: slope, type: int}]
          run:
            kind: job
            container:
              image: busybox:1
              command: [sh, -c]
              args: ["i=0; while [ $i -lt 90 ]; do i=$((i + 1)); echo score=$((i * {{ slope }})); sleep 1; done"]
    """
    dag_id = driver.drop("sweep.yaml", text)
    run_id = driver.client.trigger(dag_id)

    def stopped():
        return next(iter(store.runs.find("status: stopped, kind: job, name: sweep", at=now())), None)

    driver.until(stopped, "a trial to be stopped", 180)
    assert time.time() - stopped().finished_at.timestamp() < 10
    driver.until(lambda: stopped().uuid not in uuids(cluster), "its pod to be deleted", 10)
    assert len(uuids(cluster)) == 2
    assert driver.wait(dag_id, run_id) == "success"
    labels = {
        task["rendered_map_index"] for task in driver.tasks(dag_id, run_id).values() if task["map_index"] >= 0
    }
    assert labels >= {"slope=3", "slope=2"}
    (told,) = labels - {"slope=3", "slope=2"}
    assert told == f"slope=0: {stopped().reason}"
    assert driver.xcom(dag_id, run_id, "sweep.best")["best"]["params"] == {"slope": 3}
