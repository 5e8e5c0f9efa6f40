"""Resume, restart, copy: what a run takes over from an earlier one (spec section 3.15)."""

import pytest

from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.connections.catalogue import Catalogue
from polyaxon_airflow.connections.store import artifacts_store
from polyaxon_airflow.execution.artifacts import ArtifactsStore
from tests.execution.flow import World

TEXT = """
kind: component
name: train
cache: {disable: false}
inputs: [{name: lr, type: float, value: 0.1}, {name: words, type: str, value: none}]
outputs: [{name: loss, type: metric}]
run:
  kind: job
  container:
    image: b
    command: [sh, -c]
    args: ["cat {{ globals.run_outputs_path }}/state; echo lr={{ lr }} words={{ words }} env=$MODE; echo loss=0.5;
            echo kept > {{ globals.run_outputs_path }}/state"]
"""
DAG = """
kind: component
name: flow
inputs: [{name: n, type: int, value: 1}]
run:
  kind: dag
  operations:
  - name: a
    params: {n: {ref: dag, value: inputs.n}}
    component:
      inputs: [{name: n, type: int}]
      run: {kind: job, container: {image: b, command: [echo, "n={{ n }}"]}}
  - name: b
    dependencies: [a]
    trigger: all_done
    component: {run: {kind: job, container: {image: b, command: ["true"]}}}
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def first(world):
    """A run that has ended, with a value that its trigger gave."""
    ended = world.run(TEXT, {"lr": 0.3}).ended["train"]
    world.lines.clear()
    return world.store.runs.get(ended.uuid)


def test_a_restart_is_a_new_run_with_the_same_values_and_without_the_cache(world, first):
    ended = world.run(TEXT, {"restart": first.uuid}).ended["train"]
    run = world.store.runs.get(ended.uuid)
    assert (run.uuid != first.uuid, run.original, run.cloning_kind) == (True, first.uuid, "restart")
    assert "lr=0.3 words=none env=" in world.lines
    assert "kept" not in world.lines


def test_a_copy_begins_with_the_outputs_of_the_earlier_run(tmp_path):
    kept = artifacts_store(Catalogue(), f"{tmp_path}/artifacts")
    store = ArtifactsStore(kept.entry.connection(), lambda: open_storage(kept.root, {}), kept.is_local)
    world = World(tmp_path, artifacts=store, connections=kept.catalogue.connections)
    first = world.run(TEXT).ended["train"]
    world.lines.clear()
    copy = world.run(TEXT, {"copy": first.uuid}).ended["train"]
    world.close()
    assert copy.uuid != first.uuid
    assert "kept" in world.lines


def test_a_restart_takes_values_and_presets_of_its_own(world, first):
    preset = {"runPatch": {"container": {"env": [{"name": "MODE", "value": "fast"}]}}}
    world.run(TEXT, {"restart": first.uuid, "lr": 0.7, "patch": [preset]})
    assert "lr=0.7 words=none env=fast" in world.lines


def test_a_resumed_run_is_the_same_one_and_goes_on_with_its_files(world, first):
    resumed = world.run(TEXT, {"resume": first.uuid})
    ended = resumed.ended["train"]
    run = world.store.runs.get(ended.uuid)
    assert (run.uuid, run.dag_run_id, run.cloning_kind) == (first.uuid, resumed.run_id, None)
    assert world.lines[:2] == ["kept", "lr=0.3 words=none env="]
    statuses = [condition.status for condition in world.store.runs.conditions(run.uuid)]
    assert statuses == ["starting", "running", "succeeded", "resuming", "starting", "running", "succeeded"]
    assert len(world.store.metrics.of(run.uuid)["loss"].steps) == 1


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        pytest.param({"restart": "0" * 32}, "and there is none", id="a run that is not there"),
        pytest.param(
            {"lr": 0.1, "patch": ["fast"]}, "is a preset, written out", id="a name in place of a preset"
        ),
        pytest.param({"patch": {"runPatch": 3}}, "runPatch", id="a document that is no preset"),
        pytest.param({"patch": [{"queue": "gpu"}]}, "queue", id="a preset that would change the tasks"),
    ],
)
def test_what_conf_cannot_have_fails_with_a_sentence(world, conf, sentence):
    ended = world.run(TEXT, conf).ended["train"]
    assert (ended.status, ended.retriable) == ("failed", False)
    assert sentence in ended.reason


def test_a_run_that_goes_on_cannot_be_resumed(world, first):
    world.store.runs.set_status(first.uuid, "running", at=world.clock(), force=True)
    ended = world.run(TEXT, {"resume": first.uuid}).ended["train"]
    assert ended.reason == f"run {first.uuid} is running; only one that has ended can be resumed"


def test_a_dag_restarts_with_its_values(world):
    old = world.run(DAG, {"n": 5})
    uuid = old.ended["outcome"].uuid
    new = world.run(DAG, {"restart": uuid})
    run = world.store.runs.get(new.ended["outcome"].uuid)
    assert (run.original, run.cloning_kind, run.inputs) == (uuid, "restart", {"n": 5})
    assert world.lines.count("n=5") == 2
    assert new.ended["a"].reason == ""


def test_a_dag_that_was_cleared_ends_anew(world):
    failing = DAG.replace('[echo, "n={{ n }}"]', "['false']")
    assert world.run(failing, run_id="same").ended["outcome"].status == "failed"
    again = world.run(DAG, run_id="same", generation=1)
    assert world.store.runs.get(again.ended["outcome"].uuid).status == "succeeded"


def test_an_operation_of_a_dag_is_not_the_whole_that_a_trigger_repeats(world):
    text = DAG.replace("    trigger: all_done\n", "")  # so that no task ends it
    run = world.run(text)
    ended = world.run(text, {"restart": run.ended["a"].uuid}).ended["a"]
    assert ended.status == "failed"
    assert "is a part of run-1; clear its task a there" in ended.reason
