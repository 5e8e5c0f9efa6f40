"""The formats of `polyaxon-airflow check`."""

import json

import pytest

from polyaxon_airflow.checking import Result
from polyaxon_airflow.cli import main
from polyaxon_airflow.cli.reports import github, sarif
from polyaxon_airflow.errors import Fault

FAULT = Fault(
    "unknown key 'a,b'\nin 'run'", "dags/train.yaml", 3, 5, suggestion="Did you mean 'c'?", rule="unknown-key"
)
WARNING = Fault("odd", "dags/train.yaml", 4, 1, severity="warning", rule="odd")
RESULTS = [Result("dags/train.yaml", "component", (FAULT, WARNING), is_valid=False)]


def test_github_annotates_lines():
    assert github(RESULTS) == (
        "::error file=dags/train.yaml,line=3,col=5,title=unknown-key::unknown key 'a,b'%0Ain 'run'. Did you mean 'c'?\n"
        "::warning file=dags/train.yaml,line=4,col=1,title=odd::odd\n"
    )


def test_sarif_places_results():
    [run] = json.loads(sarif(RESULTS))["runs"]
    first = run["results"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["odd", "unknown-key"]
    assert (first["ruleId"], first["level"]) == ("unknown-key", "error")
    [location] = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "dags/train.yaml"},
        "region": {"startLine": 3, "startColumn": 5},
    }


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_every_format_has_the_same_exit_code(tmp_path, form, capsys):
    (tmp_path / "bad.yaml").write_text("kind: component\nrum: {}\nrun: {kind: job}\n")
    assert main(["check", "--format", form, str(tmp_path)]) == 1
    assert "rum" in capsys.readouterr().out


def test_files_that_are_no_polyaxonfiles_are_left_out_where_that_is_asked_for(tmp_path, capsys):
    (tmp_path / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\n")
    assert main(["check", str(tmp_path / "pod.yaml"), "--only-polyaxonfiles"]) == 0
    assert main(["check", str(tmp_path / "pod.yaml")]) == 1
    assert main(["check", str(tmp_path)]) == 0
