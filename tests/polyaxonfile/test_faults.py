"""What a fault says and where: one planted in each text, and the whole line that the user reads."""

import pytest

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import FaultsError
from polyaxon_airflow.polyaxonfile.reading import read


def compile_text(text):
    reading = read(text, file="train.yaml")
    return compile_operation(reading.operation, sources=reading.sources)


def faults(text):
    with pytest.raises(FaultsError) as caught:
        compile_text(text)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "kind: component\nrun:\n  kind: jobb\n",
            "train.yaml:3:9: unknown kind 'jobb' of run; known: cleaner, dag, daskcluster, job, mpijob, notifier, "
            "pytorchjob, raycluster, service, tfjob, tuner. Did you mean 'job'?",
            id="a misspelt kind",
        ),
        pytest.param(
            "kind: component\nrun:\n  kind: job\n  contaner: {image: a}\n",
            "train.yaml:4:3: unknown key 'contaner' in 'run'; known: connections, container, environment, init, kind, "
            "sidecars, volumes. Did you mean 'container'?",
            id="a misspelt key",
        ),
        pytest.param(
            "kind: component\nrun:\n  kind: job\n  container:\n    image: a\nnodeSelector: {a: b}\n",
            "It belongs in 'environment'.",
            id="a key outside of its section",
        ),
        pytest.param(
            "kind: operation\nparams: {lr: abc}\ncomponent:\n  inputs: [{name: lr, type: float}]\n  run: {kind: job}\n",
            "train.yaml:2:14: 'abc' does not fit 'lr' (float): is not of this type, nor the JSON text of one",
            id="a param of another type",
        ),
        pytest.param(
            "kind: component\ninputs:\n- {name: size, type: int, value: '{{ globals.event.size }}'}\nrun: {kind: job}\n",
            "train.yaml:3:34: '{{ globals.event.size }}' cannot be the default of 'size' (int), which is read before "
            "there is a run. Write it in params of the operation.",
            id="a template as the default of a number",
        ),
        pytest.param(
            'kind: operation\njoins:\n- query: "status:succeeded"\n  params: {losses: {value: output.loss}}\n'
            "component:\n  inputs: [{name: losses, type: float, isList: true}]\n  run: {kind: job}\n",
            "train.yaml:4:28: 'output.loss' is no path into a run; it starts with one of inputs, outputs, artifacts, "
            "globals. Did you mean 'outputs.loss'?",
            id="a join that collects what no run has",
        ),
        pytest.param(
            'kind: operation\njoins:\n- query: "status:succeeded"\n  params: {losses: {value: 1.5, contextOnly: true}}\n'
            "component:\n  inputs: [{name: losses, type: float, isList: true}]\n  run: {kind: job}\n",
            "train.yaml:4:28: a join collects what a path into runs names, not 1.5. Write one such as outputs.loss.",
            id="a join that collects a number",
        ),
        pytest.param(
            "kind: component\ninputs:\n- {name: lr, type: float}\nrun: {kind: job}\n",
            "train.yaml:3:3: input 'lr' has no value. Pass it in params, or give it a default in inputs.",
            id="an input without a value",
        ),
        pytest.param(
            "kind: component\ntags: {a: b}\nrun: {kind: job}\n",
            "train.yaml:2:7: 'tags' must be a list, not a mapping. Start each item with '- '.",
            id="a mapping for a list",
        ),
        pytest.param(
            "kind: component\nname: 12\nrun: {kind: job}\n",
            "train.yaml:2:7: 'name' must be text, not '12'. Quote it: \"12\".",
            id="a number for text",
        ),
        pytest.param(
            "kind: component\nrun:\n\tkind: job\n",
            "Indent with spaces; YAML forbids tabs there.",
            id="a tab",
        ),
        pytest.param(
            "kind: component\nrun:\n  kind: dag\n  operations:\n  - {name: a, run: {kind: job}}\n"
            "  - {name: b, dependencies: [aa], run: {kind: job}}\n",
            "train.yaml:6:30: no operation of the dag is called 'aa'; known: a. Did you mean 'a'?",
            id="a dependency that is not there",
        ),
    ],
)
def test_a_fault_is_one_line_that_says_what_to_write(text, expected):
    [fault] = faults(text)
    assert fault.endswith(expected)


def test_all_faults_of_a_file_come_together_in_the_order_of_its_lines():
    found = faults("kind: component\nnme: a\nrun:\n  kind: job\n  init: 3\n  volume: []\n")
    assert [fault.split(":")[1] for fault in found] == ["2", "5", "6"]
