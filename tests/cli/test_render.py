"""`polyaxon-airflow render`: what a cluster would be given, strictly validated without one."""

import json
from pathlib import Path

import pytest
import yaml

from polyaxon_airflow.cli import main
from tests.corpus import cases, folder
from tests.kube import crds, strict
from tests.runtimes.runs import CONNECTIONS

GALLERY = sorted((Path(__file__).parents[2] / "dags").glob("*.yaml"))
SOURCES = {"polyaxon/polyaxon-quick-start", "polyaxon/polyaxon-examples"}


@pytest.fixture
def rendered(capsys):
    """The objects that a command line prints, all of them valid."""

    def render(*arguments):
        code = main(["render", *map(str, arguments), "--helper-image", "helper:1"])
        out, err = capsys.readouterr()
        assert code == 0, err
        objects = list(yaml.safe_load_all(out))
        assert [fault for found in objects for fault in faults_of(found)] == []
        return objects

    return render


def faults_of(found):
    return strict.faults_of(found) if found["apiVersion"] == "v1" else crds.faults_of(found)


@pytest.fixture
def written(tmp_path):
    def write(text, name="file.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in GALLERY])
def test_the_gallery_becomes_valid_objects(rendered, file):
    for found in rendered(file):
        assert found["metadata"]["name"].startswith("plx-operation-")


def is_wanted(row):
    return (
        row["check"]["accepted"]
        and row["group"] in ("quick-start", "examples")
        and row["source"]["repo"] in SOURCES
        and "kind: dag" not in (folder() / row["file"]).read_text()  # those have inputs without a value
    )


@pytest.mark.parametrize("row", cases("verdicts.jsonl", is_wanted))
def test_polyaxons_examples_become_valid_objects(capsys, row):
    code = main(["render", str(folder() / row["file"]), "--helper-image", "helper:1", "--format", "json"])
    out, err = capsys.readouterr()
    if code == 0:
        assert [fault for found in json.loads(out) for fault in faults_of(found)] == []
    else:  # a value that only the trigger gives, or a connection that this deployment lacks
        assert any(
            text in err for text in ("has no value", "which is not in the catalogue", "artifacts store")
        ), err


DAG = """
kind: component
inputs: [{name: size, type: int}]
run:
  kind: dag
  operations:
  - {name: prepare, dagRef: prepare, params: {size: {ref: dag, value: inputs.size}}}
  - name: train
    dagRef: train
    params:
      rows: {ref: ops.prepare, value: outputs.rows}
      data: {ref: ops.prepare, value: artifacts.outputs/data}
    matrix: {kind: grid, params: {lr: {kind: choice, value: [0.5, 0.25]}}}
  components:
  - name: prepare
    inputs: [{name: size, type: int}]
    outputs: [{name: rows, type: int}]
    run: {kind: job, container: {image: prepare, command: [prepare, "{{ size }}"]}}
  - name: train
    inputs: [{name: rows, type: int}, {name: lr, type: float}, {name: data, type: str}]
    run:
      kind: job
      container: {image: train, command: [train, "{{ rows }}", "{{ lr }}", "{{ data }}"]}
"""


def command(found):
    return found["spec"]["containers"][0]["command"]


def test_values_of_other_runs_are_stood_for(rendered, written):
    prepare, train = rendered(written(DAG), "-P", "size=3")
    assert command(prepare)[0] == "prepare"
    uuid = prepare["metadata"]["labels"]["operation.polyaxon.com/uuid"]
    assert command(train) == ["train", "<ops.prepare: outputs.rows>", "0.5", f"{uuid}/outputs/data"]


def test_one_operation_with_values_of_ones_own(rendered, written):
    (train,) = rendered(
        written(DAG), "--op", "train", "-P", "size=3", "-P", "rows=7", "-P", "lr=0.125", "-P", "data=here"
    )
    assert command(train) == ["train", "7", "0.125", "here"]


def test_connections_and_the_store_come_from_the_file_beside_it(rendered, written):
    connections = written(f"connections:\n{CONNECTIONS}", "connections.yaml")
    connections.write_text(f"artifactsStore: bucket\n{connections.read_text()}")
    text = "kind: component\nrun: {kind: job, connections: [claim], container: {image: i, command: [a]}}"
    (pod,) = rendered(written(text))
    assert [container["name"] for container in pod["spec"]["initContainers"]] == [
        "polyaxon-relay",
        "polyaxon-artifacts",
    ]
    assert {"name": "claim", "mountPath": "/mnt/claim", "readOnly": True} in pod["spec"]["containers"][0][
        "volumeMounts"
    ]


def test_a_service_comes_with_what_spreads_requests(rendered, written):
    text = (
        "kind: component\nrun: {kind: service, ports: [80], replicas: 2, container: {image: i, command: [a]}}"
    )
    assert [found["kind"] for found in rendered(written(text), "--namespace", "team")] == [
        "Pod",
        "Pod",
        "Service",
    ]


def test_a_distributed_run_is_its_operators_resource(rendered, written):
    text = "kind: component\nrun: {kind: tfjob, worker: {replicas: 2, container: {image: i, command: [a]}}}"
    (job,) = rendered(written(text))
    assert (job["kind"], job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]) == ("TFJob", 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["-P", "size=3", "--op", "trian"],
            "no operation 'trian'; known: prepare, train",
            id="an operation",
        ),
        pytest.param(
            ["-P", "size=3", "-P", "sise=3"],
            "no operation has an input 'sise'; known: data, lr, rows, size",
            id="an input",
        ),
        pytest.param(["-P", "lr"], "-P lr: write it as name=value", id="no value"),
        pytest.param([], "input 'size' has no value", id="a value that the trigger must give"),
    ],
)
def test_what_is_wrong_is_said(capsys, written, arguments, sentence):
    assert main(["render", str(written(DAG)), *arguments]) == 1
    assert sentence in capsys.readouterr().err
