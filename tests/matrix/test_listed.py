"""`mapping` and `grid`: trials that are written out."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import SpaceExhausted
from tests import corpus
from tests.matrix.sweeps import matrix


def asked(sweep):
    return [sweep.ask(index, []) for index in range(sweep.trials())]


def test_a_mapping_gives_its_values_in_order():
    values = [{"lr": 0.1}, {"lr": 0.2, "depth": 3}]
    assert asked(matrix("mapping", values=values)) == values


def test_a_mapping_gives_plain_json():
    values = [{1: {"when": __import__("datetime").date(2024, 1, 2)}}]
    assert asked(matrix("mapping", values=values)) == [{"1": {"when": "2024-01-02"}}]


def test_a_mapping_over_an_output_is_not_known_before_the_run():
    sweep = matrix("mapping", values="{{ ops.up.outputs.rows }}")
    assert sweep.trials() is None
    with pytest.raises(CompilationError, match=r"matrix\.values is still the template"):
        sweep.ask(0, [])


GRID = {"b": {"kind": "choice", "value": [1, 2]}, "a": {"kind": "range", "value": "1:3:1"}}


def test_a_grid_walks_the_last_param_fastest():
    expected = [{"b": b, "a": a} for b in (1, 2) for a in (1.0, 2.0)]
    assert asked(matrix("grid", params=GRID)) == expected
    assert [list(params) for params in asked(matrix("grid", params=GRID))] == [["b", "a"]] * 4


@pytest.mark.parametrize(("num_runs", "trials"), [(1, 1), (3, 3), (9, 4)])
def test_num_runs_cuts_a_grid(num_runs, trials):
    assert matrix("grid", params=GRID, numRuns=num_runs).trials() == trials


def test_a_grid_keeps_what_the_file_repeats():
    assert asked(matrix("grid", params={"x": {"kind": "choice", "value": [1, 1]}})) == [{"x": 1}, {"x": 1}]


def test_nothing_is_left_after_the_last_trial():
    with pytest.raises(SpaceExhausted, match="this grid has 4 trials, none with index 4"):
        matrix("grid", params=GRID).ask(4, [])


def test_a_space_that_holds_nothing_is_named():
    sweep = matrix("grid", params={"x": {"kind": "linspace", "value": [0, 1, -3]}})
    with pytest.raises(CompilationError, match=r"matrix.params.x needs a num of at least 1, got -3"):
        sweep.trials()


@pytest.mark.parametrize("row", corpus.cases("sampling.jsonl", lambda row: row["matrix"]["kind"] != "random"))
def test_hypertune_gives_the_same(row):
    try:
        suggestions = asked(matrix(**row["matrix"]))
    except (ValueError, CompilationError):
        suggestions = None
    assert (suggestions is not None) is row["expected"]["accepted"]
    expected = row["expected"]["suggestions"] or []
    for ours, theirs in zip(suggestions or [], expected, strict=True):
        assert_alike(ours, {name: value["value"] for name, value in theirs.items()})


def test_the_study_saw_the_same():
    study = corpus.study("hypertune/grid_mapping.json")
    for case in [*study["grid"], study["mapping"]]:
        for ours, theirs in zip(asked(matrix(**case["spec"])), case["suggestions"], strict=True):
            assert_alike(ours, theirs)


def assert_alike(ours, theirs):
    """Equal, but for the last digits of powers: 10 ** 0.75 of numpy is 1e-16 from Python's."""
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert ours[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)
