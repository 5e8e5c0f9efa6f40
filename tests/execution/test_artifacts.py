"""Init, connections and artifacts of runs that follow each other, without Airflow but with all else real."""

from uuid import uuid4

import pytest

from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.connections.catalogue import Catalogue, read_catalogue
from polyaxon_airflow.connections.kinds import Account
from polyaxon_airflow.connections.secrets import Secrets
from polyaxon_airflow.connections.store import artifacts_store
from polyaxon_airflow.execution.artifacts import ArtifactsStore
from polyaxon_airflow.store import Artifact
from tests.artifacts.s3 import s3_server
from tests.execution.flow import World

TWO = """
kind: operation
name: two
component:
  run:
    kind: dag
    operations:
    - name: train
      component:
        run:
          kind: job
          init:
          - file: {filename: train.sh, content: "mkdir -p {{ globals.run_outputs_path }}; echo w > {{ globals.run_outputs_path }}/model"}
          container: {image: a, command: [sh, train.sh], workingDir: "{{ globals.artifacts_path }}"}
    - name: serve
      params:
        model: {ref: ops.train, value: artifacts.outputs/model, toInit: true}
        uuid: {ref: ops.train, value: globals.uuid}
      component:
        inputs: [{name: model, type: artifacts}, {name: uuid, type: str}]
        run:
          kind: job
          container: {image: a, command: [cat, "{{ globals.artifacts_path }}/{{ uuid }}/outputs/model"]}
"""
READ = """
kind: operation
name: read
component:
  run:
    kind: job
    init: [{%s}]
    container: {image: a, command: [sh, -c, "find /plx-context/artifacts -name model | xargs cat"]}
"""


@pytest.fixture(scope="module")
def s3():
    with s3_server("runs") as variables:
        yield variables


@pytest.fixture(params=["a folder", "a bucket"])
def world(request, tmp_path):
    """A deployment, with its artifacts in either place."""
    if request.param == "a folder":
        root, conn_id, accounts = f"{tmp_path}/artifacts", None, {}
    else:
        extra = {
            "endpoint_url": request.getfixturevalue("s3")["AWS_ENDPOINT_URL"],
            "region_name": "us-east-1",
        }
        root, conn_id, accounts = (
            f"s3://runs/{uuid4().hex}",
            "aws",
            {"aws": Account("AKIA", "s3cret", extra=extra)},
        )
    kept = artifacts_store(Catalogue(), root, conn_id)
    secrets = Secrets(kept.catalogue, accounts.get, lambda _: None)
    store = ArtifactsStore(
        kept.entry.connection(), lambda: open_storage(root, secrets.of(kept.entry)), kept.is_local
    )
    world = World(tmp_path, artifacts=store, connections=kept.catalogue.connections, secrets=secrets)
    yield world
    world.close()


def uuid_of(world, name):
    (run,) = world.store.runs.find(f"name:{name}", at=world.clock())
    return run.uuid


def test_an_operation_takes_what_another_one_made(world):
    run = world.run(TWO)
    assert run.statuses()["serve"] == "succeeded", world.lines
    assert "w" in world.lines


def test_all_that_a_run_made_and_took_is_its_lineage(world):
    world.run(TWO)
    uuid = uuid_of(world, "train")
    script, model = sorted(
        world.store.lineage.artifacts(uuid), key=lambda artifact: artifact.is_input, reverse=True
    )
    assert (script.name, script.kind, script.is_input) == ("train.sh", "file", True)
    assert model == Artifact("model", "file", "outputs/model", {"size": 2}, is_input=False)
    assert world.artifacts.open().read(f"{uuid}/outputs/model") == b"w\n"


@pytest.mark.parametrize(
    "reference", ["lineageRef: '%s:model'", "artifactRef: 'default:v1'", "artifactRef: 'other/default:v1'"]
)
def test_references_to_what_a_run_made(world, reference):
    world.run(TWO.replace("- name: train\n", "- name: train\n      tags: [v1]\n"))
    uuid = uuid_of(world, "train")
    run = world.run(READ % (reference % uuid if "%" in reference else reference))
    (ended,) = run.ended.values()
    if "other" in reference:
        assert ended.status == "failed"
        assert "no run has what artifactRef 'other/default:v1' names" in ended.reason
    else:
        assert ended.status == "succeeded", ended.reason
        assert "w" in world.lines[-3:]


def test_what_is_not_there_ends_the_run_with_its_name(world):
    run = world.run(READ % "artifacts: {files: [none]}")
    (ended,) = run.ended.values()
    assert ended.status == "failed"
    assert "exited with code 66; it said: artifacts: there is no file 'none' in " in ended.reason


def test_templates_see_connections(tmp_path):
    connections = read_catalogue(
        "connections: [{name: data, kind: s3, schema: {bucket: 's3://acme/data'}}]"
    ).connections
    world = World(tmp_path, connections=connections)
    text = """
    kind: component
    name: see
    run:
      kind: job
      connections: [data]
      container: {image: a, command: [echo, "{{ connections.data.bucket }}", "{{ connections.data.kind }}"]}
    """
    world.run(text)
    world.close()
    assert "s3://acme/data s3" in world.lines


def test_a_bucket_that_does_not_take_them_fails_the_run_and_leaves_them_where_they_are(tmp_path, s3):
    variables = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    kept = artifacts_store(Catalogue(), "s3://runs/all")
    store = ArtifactsStore(
        kept.entry.connection(), lambda: open_storage(kept.root, variables), is_local=False
    )
    world = World(tmp_path, artifacts=store)
    run = world.run(
        "{kind: component, name: lost, run: {kind: job, container: {image: a, command: [sh, -c], "
        "args: ['echo w > {{ globals.run_outputs_path }}/model']}}}"
    )
    world.close()
    (ended,) = run.ended.values()
    assert ended.status == "failed"
    assert ended.reason.startswith("its artifacts could not be kept: s3://runs/all does not answer: ")
    assert (tmp_path / "artifacts" / ended.uuid / "outputs" / "model").read_text() == "w\n"
