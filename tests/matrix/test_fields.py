"""Which matrices are read, against the verdicts of polyaxon 2.18 (corpus README, oddities 13, 14, 19 to 26)."""

from typing import Annotated

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from polyaxon_airflow.matrix import MATRIX, Matrix
from tests import corpus

MATRICES = TypeAdapter(Annotated[Matrix, MATRIX])


def is_read(matrix):
    try:
        MATRICES.validate_python(matrix)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("row", corpus.cases("hp.jsonl"))
def test_search_spaces_are_read_as_polyaxon_reads_them(row):
    assert is_read(row["polyaxonfile"]["matrix"]) is row["expected"]["read"]


@pytest.mark.parametrize("row", corpus.cases("hp.jsonl", lambda row: row["expected"]["read"]))
def test_search_spaces_mean_what_polyaxon_normalises_them_to(row):
    read = MATRICES.validate_python(row["polyaxonfile"]["matrix"])
    assert without_nulls(read.to_dict()) == row["expected"]["normalised_matrix"]


def is_about_the_matrix(row):
    error = row["error"] or {}
    return row["group"] != "mutant" and (row["read"]["accepted"] or (error.get("loc") or [""])[0] == "matrix")


@pytest.mark.parametrize("row", corpus.cases("verdicts.jsonl", is_about_the_matrix))
def test_whole_files_have_matrices_that_are_read_as_polyaxon_reads_them(row):
    document = yaml.safe_load((corpus.folder() / row["file"]).read_text())
    if isinstance(document, dict) and isinstance(document.get("matrix"), dict):
        assert is_read(document["matrix"]) is row["read"]["accepted"]


def without_nulls(value):
    """Polyaxon drops nulls when it normalises."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


METRIC = {"name": "loss", "optimization": "minimize"}
CHOICE = {"x": {"kind": "choice", "value": [1, 2]}}


# Where we differ from polyaxon 2.18 on purpose: docs/differences.md.
@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param({"kind": "hyperopt", "params": CHOICE, "metric": METRIC, "numRuns": 3}, id="hyperopt"),
        pytest.param(
            {"kind": "hyperopt", "algorithm": "anneal", "params": CHOICE, "metric": METRIC, "numRuns": 3},
            id="hyperopt's anneal",
        ),
        pytest.param(
            {
                "kind": "random",
                "numRuns": 2,
                "params": {"x": {"kind": "pchoice", "value": [[1, 0.2], [2, 0.4], [3, 0.3], [4, 0.1]]}},
            },
            id="probabilities that add up to 1.0000000000000002",
        ),
        pytest.param(
            {
                "kind": "grid",
                "params": CHOICE,
                "earlyStopping": [
                    {
                        "kind": "metric_early_stopping",
                        "metric": "loss",
                        "value": 0.1,
                        "optimization": "minimize",
                        "policy": {"kind": "asha", "eta": 3},
                    }
                ],
            },
            id="asha as a policy",
        ),
    ],
)
def test_read_beyond_polyaxon(matrix):
    assert is_read(matrix)


# Written from the answers of polyaxon 2.18.
@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        pytest.param(
            {"kind": "mapping", "values": "{{ ops.up.outputs.rows }}"}, True, id="mapping over an output"
        ),
        pytest.param({"kind": "mapping", "values": [], "concurrency": "2"}, True, id="mapping takes digits"),
        pytest.param(
            {"kind": "mapping", "values": [], "concurrency": "{{ c }}"}, False, id="mapping takes no template"
        ),
        pytest.param(
            {"kind": "grid", "params": CHOICE, "numRuns": "2"}, False, id="grid takes no digits in text"
        ),
        pytest.param({"kind": "grid", "params": {}}, True, id="grid of nothing"),
        pytest.param({"kind": "hyperband"}, True, id="hyperband needs nothing to be read"),
        pytest.param({"kind": "iterative", "maxIterations": 2}, True, id="iterative without params"),
        pytest.param({"kind": "tpe", "metric": METRIC, "params": CHOICE}, True, id="tpe without numRuns"),
        pytest.param({"kind": "sobol"}, False, id="unknown kind"),
        pytest.param(
            {"kind": "random", "numRuns": 1, "params": CHOICE, "seed": 1.0}, False, id="seed is a strict int"
        ),
    ],
)
def test_fields(matrix, expected):
    assert is_read(matrix) is expected


def test_what_was_written_comes_back():
    written = {"kind": "grid", "numRuns": 3, "params": {"lr": {"kind": "choice", "value": [0.1, 0.2]}}}
    assert MATRICES.validate_python(written).to_dict() == written
