"""`random`: hypertune's own draws for the same seed, by index, without repeats, and never without end."""

import pytest

from polyaxon_airflow.matrix import SpaceExhausted
from tests import corpus
from tests.matrix.sweeps import MIXED, SMALL, matrix
from tests.matrix.test_listed import asked, assert_alike


def test_the_draws_are_those_of_hypertune():
    """Spec section 4.4: seed 42, a uniform, a choice and a pchoice."""
    params = {
        "lr": {"kind": "uniform", "value": [0, 1]},
        "c": {"kind": "choice", "value": ["a", "b", "c"]},
        "p": {"kind": "pchoice", "value": [["x", 0.5], ["y", 0.5]]},
    }
    draws = asked(matrix("random", seed=42, numRuns=3, params=params))
    assert [draw["lr"] for draw in draws] == [0.3745401188473625, 0.7796910002727693, 0.15599452033620265]


@pytest.mark.parametrize("row", corpus.cases("sampling.jsonl", lambda row: row["matrix"]["kind"] == "random"))
def test_the_corpus_has_the_same_draws(row):
    expected = [
        {name: value["value"] for name, value in draw.items()} for draw in row["expected"]["suggestions"]
    ]
    for ours, theirs in zip(asked(matrix(**row["matrix"])), expected, strict=True):
        assert_alike(ours, theirs)


def test_the_study_saw_the_same_draws():
    for case in corpus.study("hypertune/random.json")["cases"]:
        for ours, theirs in zip(asked(matrix(**case["spec"])), case["suggestions"], strict=True):
            assert_alike(ours, theirs)


def test_more_runs_begin_with_the_same_draws():
    few, many = (asked(matrix("random", seed=3, numRuns=runs, params=MIXED)) for runs in (5, 20))
    assert many[:5] == few


def test_seed_0_is_a_seed():
    """Not so in hypertune, which draws anew each time (tuning study, 1.7)."""
    zero, again, one = (asked(matrix("random", seed=seed, numRuns=4, params=MIXED)) for seed in (0, 0, 1))
    assert zero == again != one


def test_without_a_seed_the_caller_gives_one():
    sweep = matrix("random", numRuns=4, params=MIXED)
    assert asked(sweep.with_seed(7)) == asked(matrix("random", seed=7, numRuns=4, params=MIXED))
    assert sweep.seed is None
    assert matrix("random", seed=1, numRuns=4, params=MIXED).with_seed(7).seed == 1


@pytest.mark.parametrize(
    ("params", "size"),
    [
        pytest.param(SMALL, 6, id="choices"),
        pytest.param(
            {"x": {"kind": "choice", "value": [1, 1, 2]}},
            2,
            id="a choice that repeats, where hypertune hangs",
        ),
        pytest.param(
            {"x": {"kind": "quniform", "value": [0, 2, 1]}}, 2, id="few steps, where hypertune hangs"
        ),
        pytest.param(
            {"x": {"kind": "pchoice", "value": [["a", 0.999999], ["b", 1e-6], ["c", 0.0]]}},
            2,
            id="a chance of 1e-6",
        ),
    ],
)
def test_a_finite_space_is_walked_without_repeats_to_its_end(params, size):
    sweep = matrix("random", seed=1, numRuns=50, params=params)
    draws = asked(sweep)
    assert sweep.trials() == size
    assert len({repr(draw) for draw in draws}) == size


def test_steps_without_bounds_come_to_an_end_too():
    """All draws of this one round to -1 or 0."""
    sweep = matrix("random", numRuns=50, params={"x": {"kind": "qnormal", "value": [0, 0.001, 1]}})
    assert {sweep.ask(index, [])["x"] for index in (0, 1)} == {-1.0, 0.0}
    with pytest.raises(SpaceExhausted, match="no different params for trial 2"):
        sweep.ask(2, [])
