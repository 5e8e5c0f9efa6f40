"""`build`: an image before the run, by a component; what it gets, and what becomes of runs without one (spec 2.20)."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.sections.connections import Connection
from tests.execution.flow import World

BUILDER = """
kind: component
inputs:
- {name: destination, type: image}
- {name: base, type: str, isOptional: true, value: none}
run:
  kind: job
  container: {image: builder, command: [sh, -c, "echo building {{ destination }} from {{ base }}; exit CODE"]}
"""
TRAIN = """
kind: operation
name: train
build: {hubRef: builder, connection: registry, params: {destination: {value: "app:{{ version }}"}}}
MORE
component:
  inputs: [{name: version, type: str, value: v7}, {name: base, type: str, value: python}]
  run: {kind: job, container: {image: old, command: [echo, trained]}}
"""
REGISTRY = Connection.model_validate(
    {"name": "registry", "kind": "registry", "schema": {"url": "registry.acme.io/ml"}}
)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, connections={"registry": REGISTRY})
    made.component("builder", BUILDER.replace("CODE", "0"))
    yield made
    made.close()


def image_of(world, ended):
    return world.store.runs.get(ended.uuid).content["run"]["container"]["image"]


def test_the_image_that_was_built_is_the_runs(world):
    run = world.run(TRAIN.replace("MORE", ""))
    assert run.statuses() == {"train_build": "succeeded", "train": "succeeded"}
    assert "building app:v7 from python" in world.lines
    assert image_of(world, run.ended["train"]) == "registry.acme.io/ml/app:v7"


def test_without_a_destination_the_image_is_named_by_the_build(world):
    text = TRAIN.replace("MORE", "").replace(', params: {destination: {value: "app:{{ version }}"}}', "")
    run = world.run(text)
    uuid = run.ended["train_build"].uuid
    assert image_of(world, run.ended["train"]) == f"registry.acme.io/ml/default:{uuid}"


def test_a_build_that_failed_leaves_the_run_upstream_failed(world):
    world.component("builder", BUILDER.replace("CODE", "3"))
    run = world.run(TRAIN.replace("MORE", ""))
    assert run.states == {"train_build": "failed", "train": "upstream_failed"}
    waited = world.store.runs.of_task("train", run.run_id, "train")
    assert (waited.status, waited.pending) == ("upstream_failed", None)
    assert (
        waited.reason
        == "its build failed: the main container exited with code 3. Image 'builder' ran in the worker's own environment; map it to a virtual environment in [polyaxon] process_environments"
    )


def test_a_builder_that_is_not_there_fails_the_build_and_not_the_file(world):
    run = world.run(TRAIN.replace("MORE", "").replace("hubRef: builder", "hubRef: kaniko"))
    assert run.states == {"train_build": "failed", "train": "upstream_failed"}
    assert "kaniko" in run.ended["train_build"].reason


def test_nothing_is_built_for_a_run_that_does_not_start(world):
    run = world.run(TRAIN.replace("MORE", 'conditions: "{{ version == 1 }}"'))
    assert run.states == {"train_build": "skipped", "train": "skipped"}
    assert run.ended["train_build"].reason == "its condition {{ version == 1 }} is False"
    assert world.store.runs.of_task("train", run.run_id, "train").status == "skipped"


def test_one_build_serves_all_trials(world):
    matrix = "matrix: {kind: mapping, values: [{base: a}, {base: b}]}"
    run = world.run(TRAIN.replace("MORE", matrix))
    trials = [run.ended[f"train.trial[{n}]"] for n in (0, 1)]
    assert [image_of(world, trial) for trial in trials] == ["registry.acme.io/ml/app:v7"] * 2
    assert sum("building" in line for line in world.lines) == 1


def test_a_dag_has_no_image(world):
    text = """
    kind: operation
    name: flow
    build: {hubRef: builder}
    component: {run: {kind: dag, operations: [{name: a, component: {run: {kind: job, container: {image: b}}}}]}}
    """
    with pytest.raises(CompilationError, match="a dag runs no container that could use an image"):
        world.plan(text)
