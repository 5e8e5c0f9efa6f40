"""Cache keys: what makes a run another run (spec section 3.8), and the image, which Polyaxon forgets."""

import pytest

from polyaxon_airflow.compiler import RunContext, cache_key, compile_operation
from polyaxon_airflow.polyaxonfile import read_operation

TRAIN = """
kind: operation
name: train
params: {lr: 0.1}
component:
  inputs: [{name: lr, type: float}, {name: epochs, type: int, value: 3}]
  run:
    kind: job
    connections: [data]
    init: [{git: {url: "https://x/y"}}]
    environment: {nodeSelector: {pool: cpu}}
    container:
      image: python:3.12
      command: [python, train.py]
      args: ["--out={{ globals.run_outputs_path }}"]
      env: [{name: A, value: b}]
"""


def key(text):
    return cache_key(compile_operation(read_operation(text)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("{lr: 0.1}", "{lr: 0.2}", id="a param"),
        pytest.param("value: 3", "value: 4", id="a default"),
        pytest.param("train.py", "other.py", id="the command"),
        pytest.param("--out=", "--output=", id="an argument"),
        pytest.param("python:3.12", "python:3.13", id="the image"),
        pytest.param("[data]", "[other]", id="a connection"),
        pytest.param("https://x/y", "https://x/z", id="an init entry"),
        pytest.param("kind: job", "kind: service", id="the kind of run"),
        pytest.param("name: train", "name: train\ncache: {io: [epochs]}", id="the inputs that count"),
        pytest.param("name: train", "name: train\ncache: {sections: [init]}", id="the sections that count"),
    ],
)
def test_another_key(old, new):
    assert key(TRAIN.replace(old, new)) != key(TRAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("name: train", "name: fit", id="the name"),
        pytest.param("name: train", "name: train\ntags: [a]\ndescription: b", id="tags and description"),
        pytest.param("name: train", "name: train\ncache: {ttl: 60}", id="the time to live"),
        pytest.param("value: b", "value: c", id="the environment of the container"),
        pytest.param("pool: cpu", "pool: gpu", id="where it runs"),
        pytest.param("lr: 0.1", 'lr: "0.1"', id="the same value written as text"),
    ],
)
def test_the_same_key(old, new):
    assert key(TRAIN.replace(old, new)) == key(TRAIN)


def test_inputs_that_do_not_count_change_nothing():
    some = TRAIN.replace("name: train", "name: train\ncache: {io: [epochs]}")
    assert key(some) == key(some.replace("{lr: 0.1}", "{lr: 0.2}"))


def test_a_run_of_nothing_has_no_key():
    assert key("kind: component\nrun: {kind: job}\n") is None


def test_values_of_refs_count():
    compiled = (
        compile_operation(
            read_operation(
                "kind: component\nrun:\n  kind: dag\n  operations:\n"
                "  - {name: a, outputs: [{name: x, type: int}], run: {kind: job}}\n"
                "  - {name: b, params: {y: {ref: ops.a, value: outputs.x}}, run: {kind: job}}\n"
            )
        )
        .nodes[1]
        .operation
    )
    one, two = (cache_key(compiled, RunContext(params={"y": value})) for value in (1, 2))
    assert one != two
