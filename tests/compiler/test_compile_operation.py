"""From an operation to a compiled one, and to a run without templates."""

import pytest

from polyaxon_airflow.compiler import CompiledOperation, RunContext, compile_operation, resolve
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.polyaxonfile import read_operation

TRAIN = """
kind: component
name: train
inputs:
- {name: lr, type: float, value: 0.1}
- {name: layers, type: int, isList: true, value: [64, 32]}
- {name: verbose, type: bool, isFlag: true, value: true}
run:
  kind: job
  container:
    image: "python:{{ tag }}"
    command: [python, train.py]
    args: ["--lr={{ lr }}", "{{ params.layers.as_arg }}", "{{ verbose }}", "{{ globals.uuid }}"]
"""

PIPELINE = """
kind: component
inputs: [{name: rate, type: float}]
run:
  kind: dag
  environment: {nodeSelector: {pool: cpu}}
  components:
  - name: step
    inputs: [{name: lr, type: float, value: 1.0}]
    outputs: [{name: loss, type: float}]
    run: {kind: job, container: {image: step}}
  operations:
  - {name: first, dagRef: step, params: {lr: {ref: dag, value: inputs.rate}}}
  - {name: second, dagRef: step, dependencies: [first], trigger: all_done}
  - {name: third, dagRef: step, params: {lr: {ref: ops.second, value: outputs.loss}}}
"""


def test_a_component_is_wrapped_into_an_operation():
    operation = read_operation(TRAIN)
    assert (operation.kind, operation.component.name) == ("operation", "train")


def test_params_are_bound_and_templates_rendered():
    compiled = compile_operation(read_operation(TRAIN), params={"lr": "0.5", "tag": "3.12"})
    run = resolve(compiled, RunContext(globals={"uuid": "ab12"})).run
    assert run.container.image == "python:3.12"
    assert run.container.args == ["--lr=0.5", "--layers=[64,32]", "--verbose", "ab12"]


def test_a_compiled_operation_is_json_both_ways():
    compiled = compile_operation(read_operation(PIPELINE), params={"rate": 0.3})
    assert CompiledOperation.from_dict(compiled.to_dict()).to_dict() == compiled.to_dict()


def test_the_nodes_of_a_dag_wait_for_what_they_read():
    nodes = compile_operation(read_operation(PIPELINE), params={"rate": 0.3}).nodes
    assert {node.name: node.upstream for node in nodes} == {
        "first": [],
        "second": ["first"],
        "third": ["second"],
    }


def test_the_dag_gives_its_environment_to_its_nodes():
    nodes = compile_operation(read_operation(PIPELINE), params={"rate": 0.3}).nodes
    assert [node.operation.run.environment.node_selector for node in nodes] == [{"pool": "cpu"}] * 3


def test_refs_stay_symbols_until_the_context_knows_their_values():
    first = compile_operation(read_operation(PIPELINE), params={"rate": 0.3}).nodes[0].operation
    assert first.params["lr"].ref == "dag"
    assert resolve(first, RunContext(params={"lr": 0.3})).inputs[0].value == 0.3
    with pytest.raises(CompilationError, match="the value of 'lr' is not known yet"):
        resolve(first, RunContext())


def test_inputs_may_stay_open_for_whoever_starts_the_run():
    operation = read_operation("kind: component\ninputs: [{name: lr, type: float}]\nrun: {kind: job}\n")
    with pytest.raises(CompilationError, match="input 'lr' has no value"):
        compile_operation(operation)
    compiled = compile_operation(operation, open_inputs=True)
    assert not compiled.inputs[0].is_optional
    with pytest.raises(CompilationError, match="input 'lr' has no value"):
        resolve(compiled, RunContext())
    assert resolve(compiled, RunContext(params={"lr": "0.5"})).inputs[0].value == 0.5


def test_files_of_another_run_are_put_in_place():
    operation = read_operation(
        """
        params:
          model: {ref: runs.8aac02e3a62a4f0aaa257c59da5eab80, value: {files: [outputs/model.pt]}, toInit: true}
        component:
          inputs: [{name: model, type: artifacts}]
          run: {kind: job, container: {image: train}}
        """
    )
    found = {"files": ["8aac02e3a62a4f0aaa257c59da5eab80/outputs/model.pt"]}
    run = resolve(compile_operation(operation), RunContext(globals={}, params={"model": found})).run
    assert [entry.to_dict() for entry in run.init] == [{"artifacts": found}]


def test_the_content_of_a_file_stays_text():
    operation = read_operation(
        """
        component:
          inputs: [{name: epochs, type: int, value: 3}]
          run:
            kind: job
            init: [{file: {filename: settings.json, content: '{"epochs": {{ epochs }}}'}}]
            container: {image: train}
        """
    )
    run = resolve(compile_operation(operation), RunContext()).run
    assert run.init[0].file.content == '{"epochs": 3}'


def compile_text(text):
    return compile_operation(read_operation(text))


@pytest.mark.parametrize("kind", ["tfjob", "pytorchjob", "mpijob", "raycluster", "daskcluster"])
@pytest.mark.parametrize(
    "patch", ["cmd: echo 1", "env: {A: b}", "environment: {nodeName: a}", "container: {image: i}"]
)
def test_what_is_meant_for_each_replica_changes_nothing_where_there_is_none(kind, patch):
    bare = compile_text(f"kind: component\nrun: {{kind: {kind}}}\n")
    assert compile_text(f"kind: component\nrun: {{kind: {kind}}}\n{patch}\n").run == bare.run


def test_a_patch_of_replicas_is_checked_where_there_is_none():
    with pytest.raises(FaultsError, match="unknown key 'imgae'"):
        compile_text("kind: operation\nrunPatch: {container: {imgae: i}}\ncomponent: {run: {kind: tfjob}}\n")
