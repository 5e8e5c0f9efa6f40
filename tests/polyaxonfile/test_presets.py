"""Presets by value, by file and by name, in order, with their strategies (spec sections 1.5, 3.3 and 3.16)."""

import pytest

from polyaxon_airflow.compiler import apply_preset, compile_operation
from polyaxon_airflow.errors import CompilationError, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.presets import (
    named_presets,
    preset_by_name,
    preset_from_file,
    preset_from_value,
    preset_names,
    presets_of,
)
from polyaxon_airflow.polyaxonfile.reading import read

TRAIN = """\
kind: operation
presets: [gpu]
queue: cpu
params: {lr: 0.1}
component:
  inputs: [{name: lr, type: float}]
  run: {kind: job, container: {image: a, args: [x]}}
"""
GPU = "queue: gpu\nrunPatch: {environment: {nodeSelector: {gpu: big}}}\n"


@pytest.fixture
def dags(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "gpu.yaml").write_text(GPU)
    (tmp_path / "presets" / "small.yml").write_text("termination: {timeout: 60}\n")
    (tmp_path / "train.yaml").write_text(TRAIN)
    return tmp_path


def compiled(root, *presets, text=TRAIN):
    (root / "train.yaml").write_text(text)
    reading = read(root / "train.yaml", root=root)
    return compile_operation(reading.operation, presets=presets, sources=reading.sources)


def test_presets_by_name_are_files_beside_the_dags(dags):
    assert preset_names(dags) == ["gpu", "small"]
    run = compiled(dags, preset_by_name("gpu", dags))
    assert (run.queue, run.run.environment.node_selector) == ("gpu", {"gpu": "big"})


def test_an_operation_names_its_presets(dags):
    reading = read(dags / "train.yaml", root=dags)
    assert [preset.label for preset in presets_of(reading.operation, dags, reading.sources)] == ["preset gpu"]


def test_an_unknown_preset_is_a_fault_where_its_name_stands(dags):
    reading = read(dags / "train.yaml", root=dags, file="train.yaml")
    (dags / "presets" / "gpu.yaml").rename(dags / "presets" / "gpus.yaml")
    with pytest.raises(PolyaxonfileError) as caught:
        presets_of(reading.operation, dags, reading.sources)
    assert str(caught.value) == (
        "train.yaml:2:11: no preset is called 'gpu'; known: gpus, small. Did you mean 'gpus'?"
    )


def test_a_name_does_not_leave_the_folder_of_presets(dags):
    with pytest.raises(PolyaxonfileError, match=r"no preset is called '\.\./train'"):
        preset_by_name("../train", dags)


def test_later_presets_win(dags):
    presets = [preset_from_value({"queue": name}) for name in ("first", "second")]
    assert compiled(dags, *presets).queue == "second"


# Spec section 3.3, "two-stage trap": the strategy of a preset by file governs the documents, not the run.
@pytest.mark.parametrize(
    ("is_named", "strategy", "args"),
    [
        pytest.param(False, "replace", ["x", "y"], id="by file, replace reaches the operation only"),
        pytest.param(True, "replace", ["y"], id="by name, replace reaches the run"),
        pytest.param(False, "isnull", ["x", "y"], id="by file, isnull does not protect the component's run"),
        pytest.param(True, "isnull", ["x"], id="by name, isnull protects the run"),
    ],
)
def test_what_the_strategy_of_a_preset_governs(dags, is_named, strategy, args):
    (dags / "presets" / "p.yaml").write_text(
        f"patchStrategy: {strategy}\nrunPatch: {{container: {{args: [y]}}}}\n"
    )
    path = dags / "presets" / "p.yaml"
    preset = preset_by_name("p", dags) if is_named else preset_from_file(path)
    assert compiled(dags, preset).run.container.args == args


def test_the_params_of_a_run_go_over_those_of_its_presets(dags):
    reading = read(dags / "train.yaml", root=dags)
    preset = preset_from_value({"params": {"lr": 0.2}})
    inputs = compile_operation(reading.operation, presets=[preset], params={"lr": 0.3}).inputs
    assert inputs[0].value == 0.3


def test_a_preset_may_come_after_compiling(dags):
    patched = apply_preset(compiled(dags), preset_by_name("gpu", dags))
    assert (patched.queue, patched.run.environment.node_selector) == ("gpu", {"gpu": "big"})


def test_a_preset_that_does_not_fit_the_run_is_a_fault_in_its_own_file(dags):
    (dags / "presets" / "bad.yaml").write_text("queue: a\nrunPatch:\n  contaner: {image: b}\n")
    with pytest.raises(CompilationError, match=r"bad.yaml:3:3: unknown key 'contaner' in 'runPatch'"):
        compiled(dags, preset_by_name("bad", dags))


def test_a_preset_with_unknown_keys_is_refused(dags):
    with pytest.raises(PolyaxonfileError, match="unknown key 'que' in the file"):
        preset_from_value({"que": "gpu"})


FLOW = """\
kind: component
run:
  kind: dag
  operations:
  - {name: train, presets: [gpu], component: {run: {kind: job, container: {image: a}}}}
  - {name: inner, component: {run: {kind: dag, operations: [
      {name: deep, component: {run: {kind: tfjob, worker: {container: {image: a}}}}}]}}}
"""


def flow(dags, **layers):
    (dags / "flow.yaml").write_text(FLOW)
    reading = read(dags / "flow.yaml", root=dags)
    named = named_presets(reading.operation, dags, reading.sources)
    compiled = compile_operation(reading.operation, by_name=named, sources=reading.sources, **layers)
    train, inner = compiled.nodes
    (deep,) = inner.operation.nodes
    return compiled, train.operation, deep.operation


def test_an_operation_of_a_dag_names_its_own_presets(dags):
    _, train, deep = flow(dags)
    assert (train.queue, train.run.environment.node_selector) == ("gpu", {"gpu": "big"})
    assert (deep.queue, deep.run.worker.environment) == (None, None)


def test_an_unknown_preset_of_an_operation_of_a_dag_is_a_fault_at_its_place(dags):
    (dags / "presets" / "gpu.yaml").unlink()
    with pytest.raises(PolyaxonfileError, match=r"flow.yaml:5:29: no preset is called 'gpu'; known: small"):
        flow(dags)


def test_a_preset_for_all_reaches_every_run_of_a_dag_as_far_as_it_fits(dags):
    preset = preset_from_value(
        {
            "cost": 2,
            "runPatch": {
                "container": {"env": [{"name": "A", "value": "1"}]},
                "schedulingPolicy": {"queue": "q"},
            },
        }
    )
    with pytest.raises(CompilationError, match="unknown key 'schedulingPolicy' in 'runPatch'"):
        flow(dags, for_all=[preset])  # a job is a single pod: it is wrong, not unfit
    preset = preset_from_value({"cost": 2, "runPatch": {"container": {"env": [{"name": "A", "value": "1"}]}}})
    whole, train, deep = flow(dags, for_all=[preset])
    assert [operation.cost for operation in (whole, train, deep)] == [None, 2, 2]
    assert [pod.container.env[0]["name"] for pod in (train.run, deep.run.worker)] == ["A", "A"]


def test_presets_for_all_come_before_those_that_an_operation_names(dags):
    assert flow(dags, for_all=[preset_from_value({"queue": "any"})])[1].queue == "gpu"
