"""Values as text: labels, annotations, node selectors and arguments of a run, in the words of JSON."""

import pytest

from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
from polyaxon_airflow.polyaxonfile.reading import read_operation

# As polyaxon 2.18 renders them, but for the last three (docs/differences.md, label-numbers).
RENDERED = [
    pytest.param("{{ flag }}", "true", id="a boolean"),
    pytest.param("{{ sizes }}", "[1,2]", id="a list"),
    pytest.param("{{ table }}", '{"a":1}', id="a mapping"),
    pytest.param("True", "true", id="a word that reads as a boolean"),
    pytest.param("v{{ version }}", "v1.10", id="a part of a text"),
    pytest.param("{{ version }}", "1.10", id="a version"),
    pytest.param("1.10", "1.10", id="a version that is written there"),
    pytest.param("None", "None", id="a word that reads as nothing"),
]
INPUTS = (
    "inputs: [{name: flag, type: bool, value: true}, {name: sizes, type: int, isList: true, value: [1, 2]}, "
    "{name: table, type: dict, value: {a: 1}}, {name: version, type: str, value: '1.10'}]\n"
)


@pytest.mark.parametrize(("written", "rendered"), RENDERED)
@pytest.mark.parametrize("section", ["labels", "annotations", "nodeSelector"])
def test_labels_are_text(section, written, rendered):
    text = f"{INPUTS}run: {{kind: job, container: {{image: a}}, environment: {{{section}: {{l: '{written}'}}}}}}\n"
    run = resolve(compile_operation(read_operation(text)), RunContext()).run
    assert run.to_dict()["environment"][section] == {"l": rendered}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.0e-7", "1e-7"),
        ("1.0e-5", "0.00001"),
        ("-9.9e-05", "-0.000099"),
        ("1.0e+22", "1e+22"),
        ("0.5", "0.5"),
        (".inf", "null"),
    ],
)
def test_arguments_write_numbers_as_the_official_package(number, text):
    file = f"inputs: [{{name: x, type: any, value: {{a: [{number}]}}}}]\nrun: {{kind: job, container: {{image: a, args: ['{{{{ params.x.as_arg }}}}']}}}}\n"
    run = resolve(compile_operation(read_operation(file)), RunContext()).run
    assert run.to_dict()["container"]["args"] == [f'--x={{"a":[{text}]}}']


@pytest.mark.parametrize(
    ("declared", "text"), [("any", "2021-01-01T10:00:00"), ("str", "2021-01-01 10:00:00")]
)
def test_arguments_write_moments_as_the_official_package(declared, text):
    file = f"inputs: [{{name: x, type: {declared}, value: 2021-01-01 10:00:00}}]\nrun: {{kind: job, container: {{image: a, args: ['{{{{ x }}}}']}}}}\n"
    run = resolve(compile_operation(read_operation(file)), RunContext()).run
    assert run.to_dict()["container"]["args"] == [text]
