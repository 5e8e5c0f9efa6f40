"""`hyperband`: the paper's brackets, and who goes on to the next rung."""

from fractions import Fraction

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import NoSurvivor, TooEarly, Trial
from tests import corpus
from tests.matrix.sweeps import matrix

SPACE = {"lr": {"kind": "uniform", "value": [0, 1]}}


def hyperband(most=9, eta=3, **fields):
    return matrix("hyperband", **{"maxIterations": most, "eta": eta, "params": SPACE, **fields})


# Algorithm 1 of Li et al. 2018, written down plainly: (runs, resource) of every rung.
def by_the_paper(most, eta):
    deepest = max(s for s in range(20) if eta**s <= most)
    budget = (deepest + 1) * most
    table = []
    for s in range(deepest, -1, -1):
        runs = -(-(Fraction(budget, most) * eta**s) // (s + 1))
        table.append([(runs // eta**k, Fraction(most, eta**s) * eta**k) for k in range(s + 1)])
    return table


@pytest.mark.parametrize("eta", [2, 3, 4])
@pytest.mark.parametrize("most", [9, 27, 81, 243])
def test_brackets_are_those_of_the_paper(most, eta):
    floats = {"name": "epochs", "type": "float"}
    assert hyperband(most, eta, resource=floats).brackets() == [
        [(runs, float(resource)) for runs, resource in bracket] for bracket in by_the_paper(most, eta)
    ]


def test_brackets_of_81_and_3():
    assert hyperband(81, 3).brackets() == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]
    assert hyperband(81, 3).trials() == 206


@pytest.mark.parametrize(
    ("most", "eta", "brackets"),
    [
        pytest.param(1, 3, 1, id="nothing to halve"),
        pytest.param(243, 3, 6, id="a power that float logarithms miss"),
        pytest.param(1000, 10, 4, id="another one"),
        pytest.param(100, 2.5, 6, id="a ratio that is no whole number"),
    ],
)
def test_number_of_brackets(most, eta, brackets):
    assert len(hyperband(most, eta).brackets()) == brackets


def test_whole_resources_lose_nothing_to_rounding():
    """50 / 27 * 27 is 49.99999999999999 in floats: hypertune gives 49 (tuning study, 1.6)."""
    assert [rung.resource for rung in hyperband(50, 3).brackets()[0]] == [1, 5, 16, 50]


# What hypertune 1.4.0 does otherwise: an extra rung of the last bracket at eta times the most, and floating logarithms.
DEVIATIONS = {(243, 3): "s_max 4 instead of 5", (1000, 10): "s_max 2 instead of 3"}


def test_the_study_saw_the_same_but_for_its_deviations():
    for case in corpus.study("hypertune/hyperband.json")["schedules"]:
        most, eta = case["maxIterations"], case["eta"]
        if (most, eta) in DEVIATIONS:
            continue
        ours = hyperband(most, eta, resource={"name": "epochs", "type": case["type"]}).brackets()
        theirs = {}
        for row in case["schedule"]:
            if row["bracket_iteration"] <= row["bracket"]:
                theirs.setdefault(row["iteration"], []).append((row["num_runs"], row["resource_cast"]))
        assert [[rung.runs for rung in bracket] for bracket in ours] == [
            [n for n, _ in b] for b in theirs.values()
        ]
        for bracket, their_bracket in zip(ours, theirs.values(), strict=True):
            for rung, (_, resource) in zip(bracket, their_bracket, strict=True):
                assert rung.resource == pytest.approx(resource, rel=1e-9) or (rung.resource, resource) == (
                    50,
                    49,
                )


def rung_of_nine(*losses, states=None):
    states = states or ["succeeded"] * 9
    return [
        Trial(index, {"lr": index / 10, "epochs": 1}, loss, state)
        for index, (loss, state) in enumerate(zip(losses, states, strict=True))
    ]


def test_the_best_go_on_with_more_of_the_resource():
    history = rung_of_nine(9, 1, 8, 3, 7, 2, 6, 5, 4)
    assert [hyperband().ask(index, history) for index in (9, 10, 11)] == [
        {"lr": 0.1, "epochs": 3},
        {"lr": 0.5, "epochs": 3},
        {"lr": 0.3, "epochs": 3},
    ]


def test_more_is_better_when_maximizing():
    history = rung_of_nine(9, 1, 8, 3, 7, 2, 6, 5, 4)
    metric = {"name": "accuracy", "optimization": "maximize"}
    assert hyperband(metric=metric).ask(9, history) == {"lr": 0.0, "epochs": 3}


def test_a_trial_that_goes_on_knows_whose_artifacts_it_continues():
    history = rung_of_nine(9, 1, 8, 3, 7, 2, 6, 5, 4)
    assert hyperband().parent(9, history).index == 1
    assert hyperband().parent(0, history) is None


def test_a_rung_waits_for_the_rung_below():
    history = rung_of_nine(*range(9), states=["succeeded"] * 8 + ["running"])
    assert not hyperband().is_ready(9, history)
    with pytest.raises(TooEarly, match="trials 0 to 8 must be done before trial 9"):
        hyperband().ask(9, history)


def test_a_trial_nobody_told_of_is_not_done():
    assert not hyperband().is_ready(9, rung_of_nine(*range(9))[:8])


def test_the_lowest_rung_waits_for_nobody():
    assert all(hyperband().is_ready(index, []) for index in (0, 8, 13))


def test_who_failed_or_has_no_number_is_left_behind():
    nan, inf = float("nan"), float("inf")
    history = rung_of_nine(
        nan, inf, 3, None, 0, 7, 6, 9, 8, states=["succeeded"] * 4 + ["failed"] + ["succeeded"] * 4
    )
    assert [hyperband().parent(index, history).index for index in (9, 10, 11)] == [2, 6, 5]


def test_who_was_stopped_comes_after_all_who_ran_to_the_end():
    history = rung_of_nine(1, 2, 3, 4, 5, 6, 7, 8, 9, states=["stopped"] * 7 + ["succeeded"] * 2)
    assert [hyperband().parent(index, history).index for index in (9, 10, 11)] == [7, 8, 0]


def test_a_place_without_survivor_says_so():
    history = rung_of_nine(1, *[None] * 8, states=["succeeded"] + ["failed"] * 8)
    with pytest.raises(NoSurvivor, match="only 1 of 9 trials of the rung below have a value for 'loss'"):
        hyperband().ask(10, history)


def test_ties_go_by_index():
    history = rung_of_nine(*[1] * 9)
    assert [hyperband().parent(index, history).index for index in (9, 10, 11)] == [0, 1, 2]


def test_brackets_do_not_repeat_each_other():
    """In hypertune all brackets draw from one seed: 81 configurations instead of 143 (tuning study, 1.7)."""
    sweep = hyperband(27, 3, seed=5)
    lowest = [index for index in range(sweep.trials()) if sweep.slot(index).rung == 0]
    assert len({sweep.ask(index, [])["lr"] for index in lowest}) == len(lowest)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param({"maxIterations": None}, "maxIterations is missing", id="no maxIterations"),
        pytest.param({"eta": 1}, "eta must be above 1, got 1", id="nobody is left behind"),
        pytest.param({"metric": None}, "metric is missing", id="no metric"),
        pytest.param({"params": None}, "params names nothing to search", id="no params"),
    ],
)
def test_what_hyperband_needs(fields, problem):
    sweep = matrix("hyperband", **{"params": SPACE, **fields})
    with pytest.raises(CompilationError, match=problem):
        sweep.trials()


def test_resume_is_read():
    assert hyperband(resume=True).resume is True
