"""Values of the spaces: tables of hypertune 1.4.0's answers, and Polyaxon's docs."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter

from polyaxon_airflow.space import SPACE, Space

SPACES = TypeAdapter(Annotated[Space, SPACE])


def space(kind, value):
    return SPACES.validate_python({"kind": kind, "value": value})


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("choice", ["a", "a", None], ["a", "a", None], id="choice keeps what is repeated"),
        pytest.param("range", [1, 5, 1], [1.0, 2.0, 3.0, 4.0], id="range leaves out its stop"),
        pytest.param(
            "range", "0:0.5:0.1", [0.0, 0.1, 0.2, 0.30000000000000004, 0.4], id="range adds as numpy does"
        ),
        pytest.param("linspace", "0:1:5", [0.0, 0.25, 0.5, 0.75, 1.0], id="linspace has both ends"),
        pytest.param("linspace", [3, 4, 1], [3.0], id="linspace of one"),
        pytest.param("logspace", "-3:-1:3", [0.001, 0.01, 0.1], id="logspace bounds are exponents"),
        pytest.param("logspace", [0, 3, 4, 2], [1.0, 2.0, 4.0, 8.0], id="logspace with a base"),
        pytest.param("geomspace", [1, 256, 5], [1.0, 4.0, 16.0, 64.0, 256.0], id="geomspace stays whole"),
        pytest.param("geomspace", [-8, -1, 4], [-8.0, -4.0, -2.0, -1.0], id="geomspace below 0"),
        pytest.param(
            "daterange", ["2021-01-01", "2021-01-05", 2], ["2021-01-01", "2021-01-03"], id="daterange"
        ),
        pytest.param(
            "datetimerange",
            ["2021-01-01 10:00", "2021-01-01 12:00", 3600],
            ["2021-01-01T10:00:00", "2021-01-01T11:00:00"],
            id="datetimerange",
        ),
    ],
)
def test_listed_values(kind, value, expected):
    assert (
        space(kind, value).values() == pytest.approx(expected)
        if kind == "geomspace"
        else (space(kind, value).values() == expected)
    )


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("choice", [1, 2, 2], 2, id="repeated items count once"),
        pytest.param("choice", [[1], [1], {"a": 1}], 2, id="lists and mappings are values"),
        pytest.param(
            "pchoice", [["a", 0.0], ["b", 0.5], ["c", 0.1]], 2, id="what has no chance does not count"
        ),
        pytest.param(
            "pchoice", [["a", 0.5], ["b", 0.5], ["c", 0.5e-10]], 2, id="nothing is left for the last"
        ),
        pytest.param("quniform", [0, 1, 0.25], 4, id="quarters of [0, 1)"),
        pytest.param("quniform", [0, 1, 0.3], 4, id="tenths that do not divide 1"),
        pytest.param("qloguniform", [0, 3, 0.5], 39, id="halves from 1 to 20"),
        pytest.param("uniform", [0, 1], None, id="no end of numbers"),
        pytest.param("uniform", [2, 2], 1, id="one number"),
        pytest.param("qnormal", [0, 1, 0.5], None, id="no end of steps"),
    ],
)
def test_size(kind, value, expected):
    assert space(kind, value).size() == expected


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        pytest.param("uniform", None, "has no value", id="no value"),
        pytest.param("uniform", "{{ b }}", "still has the template '{{ b }}' for a value", id="template"),
        pytest.param("linspace", [0, 1, -3], "needs a num of at least 1, got -3", id="negative num"),
        pytest.param("range", [0, 1, -1], "has a negative step, which leads nowhere", id="negative step"),
        pytest.param(
            "geomspace",
            [0, 10, 3],
            "needs a start and a stop on the same side of 0, got 0.0 and 10.0",
            id="geomspace 0",
        ),
        pytest.param(
            "normal",
            [0, -1],
            "needs a finite loc and a scale of at least 0, got 0.0 and -1.0",
            id="negative scale",
        ),
        pytest.param("pchoice", [], "has no items", id="pchoice of nothing"),
        pytest.param("choice", [], None, id="choice of nothing is a grid of nothing"),
        pytest.param("uniform", [0, 1], None, id="fine"),
    ],
)
def test_problem(kind, value, problem):
    assert space(kind, value).problem() == problem
