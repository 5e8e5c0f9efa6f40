"""`bayes`, `tpe`, `hyperopt`: what every search that learns must do (tuning study, 5.4)."""

import json
import math
import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyaxon_airflow.matrix import SpaceExhausted, Trial
from tests.matrix.sweeps import ADAPTIVE, MIXED, SEARCHES, SMALL, loss_of, matrix, swept

every_search = pytest.mark.parametrize("kind", SEARCHES)
every_adaptive = pytest.mark.parametrize("kind", ADAPTIVE)

OUTCOMES = st.one_of(
    st.floats(),  # NaN and inf among them
    st.none(),
    st.sampled_from([0.0, 1.0, 1e300, -1e300, 1e-300]),
)
STATES = st.sampled_from(["succeeded", "running", "failed", "stopped", "skipped", "suggested"])
PARAMS = st.fixed_dictionaries(
    {
        "lr": st.floats(0, 1),
        "units": st.sampled_from([16, 32, 64]),
        "act": st.sampled_from(["relu", "tanh", None]),
    }
)
TRIALS = st.lists(st.tuples(PARAMS, OUTCOMES, STATES), max_size=25).map(
    lambda rows: [Trial(index, *row) for index, row in enumerate(rows)]
)
few_examples = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_in_mixed(params):
    return (
        0 <= params["lr"] <= 1 and params["units"] in {16, 32, 64} and params["act"] in {"relu", "tanh", None}
    )


@every_search
@few_examples
@given(history=TRIALS, seed=st.integers(-(2**40), 2**40))
def test_whatever_happened_there_is_an_answer(kind, history, seed):
    """NaN, inf, huge and equal values, failures, nothing but failures: params of the space, plain JSON, none repeated."""
    sweep = matrix(kind, seed=seed, params=MIXED)
    before = repr(history)
    params = sweep.ask(len(history), history)
    assert is_in_mixed(params)
    assert json.loads(json.dumps(params)) == params
    assert list(params) == list(MIXED)
    assert repr(history) == before
    if kind != "random":
        assert params not in [trial.params for trial in history if trial.state != "skipped"]


@every_search
@few_examples
@given(history=TRIALS, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_history_and_a_way_through_json_change_nothing(kind, history, shuffled):
    sweep = matrix(kind, seed=3, params=MIXED)
    other = [Trial(**json.loads(json.dumps(asdict(trial)))) for trial in history]
    shuffled.shuffle(other)
    again = matrix(**json.loads(json.dumps(sweep.to_dict())))
    assert sweep.ask(len(history), history) == again.ask(len(history), other)


@every_search
def test_another_process_gives_the_same_answer(kind):
    sweep = matrix(kind, seed=3, params=MIXED)
    history = swept(sweep, count=12)
    code = f"""
import json
from tests.matrix.sweeps import matrix
from polyaxon_airflow.matrix import Trial
history = [Trial(**trial) for trial in json.loads({json.dumps(json.dumps([asdict(t) for t in history]))})]
print(json.dumps(matrix(**json.loads({json.dumps(json.dumps(sweep.to_dict()))})).ask(12, history)))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(answer) == sweep.ask(12, history)


@every_search
def test_seed_0_is_a_seed_and_other_seeds_differ(kind):
    zero, again, one = (swept(matrix(kind, seed=seed, params=MIXED), count=14) for seed in (0, 0, 1))
    assert [trial.params for trial in zero] == [trial.params for trial in again]
    assert [trial.params for trial in zero] != [trial.params for trial in one]


@every_search
def test_trials_that_ask_at_the_same_time_get_different_params(kind):
    """Neither sees the other: only the index tells them apart."""
    sweep = matrix(kind, seed=3, params=MIXED)
    history = swept(sweep, count=15)
    answers = [sweep.ask(index, history) for index in range(15, 23)]
    assert len({repr(answer) for answer in answers}) == 8


@every_search
def test_the_first_trials_need_no_history(kind):
    sweep = matrix(kind, seed=3, params={"x": {"kind": "uniform", "value": [0, 1]}})
    answers = [sweep.ask(index, []) for index in range(6)]
    assert len({answer["x"] for answer in answers}) == 6


@every_search
def test_a_finite_space_is_given_out_once_each(kind):
    sweep = matrix(kind, seed=1, params=SMALL)
    assert sweep.trials() == 6
    trials = swept(sweep, loss=lambda params: params["a"])
    assert len({repr(trial.params) for trial in trials}) == 6
    with pytest.raises(SpaceExhausted):
        sweep.ask(6, trials)


@every_adaptive
def test_a_space_that_others_have_used_up_is_exhausted(kind):
    """Points that a user enqueued count too."""
    sweep = matrix(kind, seed=1, params=SMALL)
    everything = swept(matrix("grid", params=SMALL), loss=lambda params: params["a"])
    enqueued = [Trial(trial.index + 100, trial.params, trial.value, "succeeded") for trial in everything]
    with pytest.raises(SpaceExhausted, match="all 6 params"):
        sweep.ask(0, enqueued)


@every_adaptive
def test_running_trials_are_kept_off(kind):
    """8 workers that always see each other never repeat params, on a space of 24."""
    params = {"a": {"kind": "choice", "value": list(range(8))}, "b": {"kind": "choice", "value": [1, 2, 3]}}
    sweep = matrix(kind, seed=2, params=params)
    history = {}
    for index in range(24):
        history[index] = Trial(index, sweep.ask(index, list(history.values())))
        if index >= 8:
            done = index - 8
            history[done] = Trial(done, history[done].params, history[done].params["a"], "succeeded")
    assert len({repr(trial.params) for trial in history.values()}) == 24


@every_adaptive
def test_maximizing_is_minimizing_the_negative(kind):
    down = matrix(kind, seed=3, params=MIXED)
    up = matrix(kind, seed=3, params=MIXED, metric={"name": "accuracy", "optimization": "maximize"})
    history = swept(down, count=16)
    negated = [Trial(trial.index, trial.params, -trial.value, trial.state) for trial in history]
    assert down.ask(16, history) == up.ask(16, negated)


@pytest.mark.parametrize("kind", ["tpe", "hyperopt"])
@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda value: 3 * value - 7, id="a line"),
        pytest.param(lambda value: math.log(value + 0.1), id="a logarithm"),
    ],
)
def test_tpe_looks_at_the_order_of_losses_only(kind, bend):
    sweep = matrix(kind, seed=3, params=MIXED)
    history = swept(sweep, count=25)
    bent = [Trial(trial.index, trial.params, bend(trial.value), trial.state) for trial in history]
    assert sweep.ask(25, history) == sweep.ask(25, bent)


def test_bayes_does_not_mind_the_unit_of_the_metric():
    sweep = matrix("bayes", seed=3, params=MIXED)
    history = swept(sweep, count=16)
    scaled = [Trial(trial.index, trial.params, 1024 * trial.value, trial.state) for trial in history]
    assert sweep.ask(16, history) == sweep.ask(16, scaled)


@every_adaptive
def test_params_beyond_the_spaces_are_ignored(kind):
    """A history with more params is read as before, one whose params lie elsewhere as if it were not there."""
    sweep = matrix(kind, seed=3, params=MIXED)
    history = swept(sweep, count=16)
    more = [Trial(trial.index, {**trial.params, "epochs": 3}, trial.value, trial.state) for trial in history]
    elsewhere = Trial(99, {"lr": 7.0, "units": 32, "act": "tanh"}, -1e9, "succeeded")
    assert sweep.ask(16, history) == sweep.ask(16, [*more, elsewhere])


@every_adaptive
def test_a_retry_asks_as_before(kind):
    """Its own trial in the history does not count."""
    sweep = matrix(kind, seed=3, params=MIXED)
    history = swept(sweep, count=16)
    mine = Trial(16, {"lr": 0.5, "units": 16, "act": None}, None, "running")
    assert sweep.ask(16, [*history, mine]) == sweep.ask(16, history)


@every_adaptive
def test_search_beats_chance(kind):
    """The best of 30 trials, over 5 seeds: the median is better than that of random draws."""
    medians = {}
    for search in (kind, "random"):
        bests = [
            min(loss_of(t.params) for t in swept(matrix(search, seed=seed, params=MIXED)))
            for seed in range(5)
        ]
        medians[search] = sorted(bests)[2]
    assert medians[kind] < medians["random"]


@pytest.mark.parametrize(
    ("kind", "fields", "trials"),
    [
        pytest.param("bayes", {"numInitialRuns": 5, "maxIterations": 15}, 20, id="bayes adds them"),
        pytest.param("tpe", {"numRuns": 5, "maxIterations": 4}, 20, id="tpe multiplies them"),
        pytest.param("tpe", {"numRuns": 5}, 5, id="tpe without maxIterations has one"),
        pytest.param("hyperopt", {"numRuns": 5, "maxIterations": 0}, 5, id="0 iterations is one"),
    ],
)
def test_number_of_trials(kind, fields, trials):
    assert matrix(kind, params=MIXED, **fields).trials() == trials


@pytest.mark.parametrize(
    "utility",
    [
        pytest.param({"acquisitionFunction": "ucb", "kappa": 1.2}, id="ucb"),
        pytest.param({"acquisitionFunction": "ei", "eps": 0.01}, id="ei"),
        pytest.param({"acquisitionFunction": "poi", "eps": 0.01}, id="poi"),
        pytest.param(
            {
                "acquisitionFunction": "ucb",
                "kappa": 2,
                "gaussianProcess": {"kernel": "rbf", "lengthScale": 0.5},
            },
            id="rbf",
        ),
        pytest.param(
            {"kappa": 2, "gaussianProcess": {"nu": 0.5, "numRestartsOptimizer": 2}}, id="matern 1/2, restarts"
        ),
        pytest.param({"kappa": 2, "numWarmup": 3000}, id="more candidates"),
    ],
)
def test_every_utility_function_finds_the_way(utility):
    sweep = matrix("bayes", seed=1, params=MIXED, utilityFunction=utility)
    assert min(trial.value for trial in swept(sweep)) < 0.05


def test_kappa_says_how_far_to_look():
    """A bold bound asks elsewhere than a timid one."""
    bold, timid = (
        matrix("bayes", seed=1, params=MIXED, utilityFunction={"acquisitionFunction": "ucb", "kappa": kappa})
        for kappa in (100, 0.001)
    )
    history = swept(timid, count=14)
    near = min(history, key=lambda trial: trial.value).params["lr"]
    assert abs(timid.ask(14, history)["lr"] - near) < abs(bold.ask(14, history)["lr"] - near)


@pytest.mark.parametrize("algorithm", ["tpe", "rand", "anneal"])
def test_every_algorithm_of_hyperopt(algorithm):
    sweep = matrix("hyperopt", seed=1, params=MIXED, algorithm=algorithm)
    assert len({repr(trial.params) for trial in swept(sweep)}) == 30
