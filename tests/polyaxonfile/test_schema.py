"""The JSON Schema for editors: it takes what the official package takes, and names what it does not."""

import json

import jsonschema
import pytest
import yaml

from polyaxon_airflow.cli import main
from polyaxon_airflow.polyaxonfile.schema import json_schema
from tests import corpus

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def document(text):
    """What an editor sees: YAML as JSON, dates as text."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def of_case(case):
    return document((corpus.folder() / case["file"]).read_text())


def is_real(case):
    return case["group"] != "written"


def reads_one_way_only(case):
    """Written for this corpus to find out what the official package bends: `numRuns: true`, `num_runs`."""
    return (
        case["group"] == "written"
        and case["read"]["accepted"]
        and case["subgroup"] not in ("yaml11", "base-fields")
        and case["kind"] != "compiled_operation"
    )


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "case", corpus.cases("verdicts.jsonl", lambda case: is_real(case) and case["read"]["accepted"])
)
def test_it_takes_every_real_file_that_the_official_package_takes(case):
    assert [error.message for error in VALIDATOR.iter_errors(of_case(case))] == []


@pytest.mark.parametrize("case", corpus.cases("verdicts.jsonl", reads_one_way_only))
def test_it_is_stricter_only_where_a_value_is_bent_into_a_number(case):
    errors = [jsonschema.exceptions.best_match([error]) for error in VALIDATOR.iter_errors(of_case(case))]
    assert [error.message for error in errors if not is_bent(error.instance)] == []


def is_bent(value):
    in_snake_case = isinstance(value, dict) and any("_" in str(key) for key in value)
    return isinstance(value, bool) or in_snake_case or (isinstance(value, str) and value.isdigit())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("kind: opration", ["kind"], id="an unknown kind of file"),
        pytest.param("run: {kind: jobb}", ["run", "kind"], id="an unknown kind of run"),
        pytest.param("run: {kind: job, contaner: {}}", ["run"], id="an unknown key"),
        pytest.param(
            "matrix: {kind: random, params: {}, numRuns: 0}",
            ["matrix", "numRuns"],
            id="a number out of range",
        ),
        pytest.param("matrix: {kind: random, params: {}}", ["matrix"], id="a missing key"),
        pytest.param(
            "run: {kind: dag, operations: [{name: a b}]}",
            ["run", "operations", 0, "name"],
            id="inside of a dag",
        ),
        pytest.param("hooks: [{hubRef: a, trigger: never}]", ["hooks", 0, "trigger"], id="an unknown status"),
    ],
)
def test_an_editor_shows_the_fault_where_it_is(text, path):
    [error] = VALIDATOR.iter_errors(document(text))
    deepest = jsonschema.exceptions.best_match([error])
    assert list(deepest.absolute_path) == path


def test_the_command_prints_it(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(json_schema()))
