"""How engines see values: there and back, with the prior uniform in the unit interval."""

import json
from typing import Annotated

import numpy as np
import pytest
from pydantic import TypeAdapter

from polyaxon_airflow.space import SPACE, Space

SPACES = TypeAdapter(Annotated[Space, SPACE])
VALUES = {
    "choice": [64, 16, 32],
    "pchoice": [["a", 0.2], ["b", 0.3], ["a", 0.5]],
    "range": [1, 9, 2],
    "linspace": [0, 1, 5],
    "logspace": [-3, -1, 5],
    "geomspace": [1, 256, 5],
    "daterange": ["2024-01-01", "2024-01-20", 3],
    "datetimerange": ["2024-01-01", "2024-01-02", 7200],
    "uniform": [-2, 3],
    "quniform": [0, 1, 0.3],
    "loguniform": [-9, -1],
    "qloguniform": [0, 5, 1],
    "normal": [3, 2],
    "qnormal": [0, 2, 0.5],
    "lognormal": [0, 1],
    "qlognormal": [1, 0.5, 0.25],
}
every_kind = pytest.mark.parametrize("kind", sorted(VALUES))


def space(kind, value):
    return SPACES.validate_python({"kind": kind, "value": value})


def draws(kind, count=2000):
    rng, sampler = np.random.RandomState(0), space(kind, VALUES[kind]).sampler()
    return [sampler(rng) for _ in range(count)]


def test_every_kind_is_in_the_table():
    assert sorted(VALUES) == SPACE.names()


@every_kind
def test_what_is_drawn_comes_back(kind):
    codec = space(kind, VALUES[kind]).codec()
    for value in draws(kind, 200):
        point = codec.encode(value)
        assert 0 <= point <= 1
        assert codec.decode(point) == (pytest.approx(value) if isinstance(value, float) else value)


@every_kind
def test_draws_are_uniform_in_the_unit_interval(kind):
    """In each cell, or in each tenth, lie as many as it is wide."""
    codec = space(kind, VALUES[kind]).codec()
    points = [codec.encode(value) for value in draws(kind)]
    edges = codec.edges or np.linspace(0, 1, 11)
    shares = np.histogram(points, edges)[0] / len(points)
    assert shares == pytest.approx(np.diff(edges), abs=0.035)


@every_kind
def test_values_are_plain_json(kind):
    for value in draws(kind, 20):
        assert json.loads(json.dumps(value)) == value
        assert type(value) in {int, float, str}


@every_kind
def test_decoded_points_are_values(kind):
    codec = space(kind, VALUES[kind]).codec()
    for point in np.linspace(0, 1, 41):
        value = codec.decode(float(point))
        assert (
            codec.decode(codec.encode(value)) == pytest.approx(value) if isinstance(value, float) else value
        )


@pytest.mark.parametrize("kind", [kind for kind in sorted(VALUES) if kind not in {"pchoice", "choice"}])
def test_order_is_kept(kind):
    codec = space(kind, VALUES[kind]).codec()
    values = [codec.decode(point) for point in (0.01, 0.5, 0.99)]
    assert codec.ordered
    assert sorted(values) == values


def test_numbers_of_a_choice_are_ordered_by_size():
    codec = space("choice", [64, 16, 32, 16]).codec()
    assert codec.ordered
    assert [codec.decode(point) for point in (0.1, 0.5, 0.9)] == [16, 32, 64]


@pytest.mark.parametrize("items", [["a", "b"], [True, False], [1, "1"], [None, 1], [[1], [2]]])
def test_anything_else_of_a_choice_is_a_category(items):
    codec = space("choice", items).codec()
    assert not codec.ordered
    assert [codec.decode(codec.encode(item)) for item in items] == items


@pytest.mark.parametrize(
    ("kind", "value", "written", "read"),
    [
        pytest.param("geomspace", [1, 1000, 4], 9.999999999999998, 10.0, id="last digits that text lost"),
        pytest.param("range", [1, 5, 1], 3, 3.0, id="an int input made it whole"),
        pytest.param("choice", [16, 32], 16.0, 16, id="a float input made it a float"),
    ],
)
def test_numbers_are_recognized_in_another_spelling(kind, value, written, read):
    codec = space(kind, value).codec()
    assert codec.decode(codec.encode(written)) == read


@pytest.mark.parametrize(
    ("kind", "value", "foreign"),
    [
        pytest.param("uniform", [0, 1], 1.5, id="above"),
        pytest.param("uniform", [0, 1], "0.5", id="text"),
        pytest.param("uniform", [0, 1], True, id="a boolean"),
        pytest.param("uniform", [0, 1], float("nan"), id="NaN"),
        pytest.param("loguniform", [-3, 0], -1.0, id="a logarithm that is not there"),
        pytest.param("choice", ["a", "b"], "c", id="another item"),
        pytest.param("range", [1, 5, 1], 2.5, id="between two"),
        pytest.param("choice", [1, 2], None, id="null"),
    ],
)
def test_foreign_values_have_no_point(kind, value, foreign):
    assert space(kind, value).codec().encode(foreign) is None


@pytest.mark.parametrize(
    ("kind", "value", "only"),
    [
        pytest.param("uniform", [2, 2], 2.0, id="uniform"),
        pytest.param("loguniform", [0, 0], 1.0, id="loguniform"),
        pytest.param("normal", [3, 0], 3.0, id="normal"),
        pytest.param("qnormal", [3, 0, 2], 2.0, id="qnormal"),
        pytest.param("quniform", [0.6, 0.6, 0.25], 0.5, id="quniform"),
    ],
)
def test_a_space_of_one_value(kind, value, only):
    codec = space(kind, value).codec()
    assert codec.decode(0.7) == codec.decode(codec.encode(only)) == only
    assert list(space(kind, value).distinct()) == [only]


def test_a_great_many_steps_are_a_continuum():
    codec = space("quniform", [0, 1, 0.00001]).codec()
    assert codec.edges is None
    assert codec.decode(codec.encode(0.5)) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "value", "doubt"),
    [
        pytest.param(
            "logspace",
            "0.01:0.1:5",
            "takes exponents: these bounds mean 1.023 to 1.259",
            id="Polyaxon's docs",
        ),
        pytest.param(
            "loguniform",
            [1e-5, 1e-1],
            "takes natural logarithms: these bounds mean 1 to 1.105",
            id="loguniform",
        ),
        pytest.param(
            "qloguniform",
            [0.1, 0.2, 1],
            "takes natural logarithms: these bounds mean 1.105 to 1.221",
            id="steps",
        ),
        pytest.param("loguniform", [-9, -1], None, id="logarithms of small numbers"),
        pytest.param("uniform", [0.01, 0.1], None, id="no logarithms"),
    ],
)
def test_bounds_that_were_hardly_meant(kind, value, doubt):
    assert space(kind, value).doubt() == doubt
