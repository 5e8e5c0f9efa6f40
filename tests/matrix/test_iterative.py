"""`iterative`: what the user's tuner gets, and what its answer becomes."""

import json

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import TooEarly, Trial
from tests.matrix.sweeps import matrix

SWEEP = matrix("iterative", maxIterations=3, seed=4, params={"lr": {"kind": "uniform", "value": [0, 1]}})
HISTORY = [
    Trial(1, {"lr": 0.2}, float("nan"), "succeeded"),
    Trial(0, {"lr": 0.1}, 0.5, "succeeded"),
    Trial(2, {"lr": 0.3}, 0.4, "failed"),
]


def test_the_tuner_gets_plain_json():
    assert json.loads(json.dumps(SWEEP.request(1, HISTORY), allow_nan=False)) == {
        "iteration": 1,
        "matrix": {
            "kind": "iterative",
            "maxIterations": 3,
            "seed": 4,
            "params": {"lr": {"kind": "uniform", "value": {"low": 0.0, "high": 1.0}}},
        },
        "configs": [{"lr": 0.1}],
        "metrics": [0.5],
        "trials": [
            {"index": 0, "params": {"lr": 0.1}, "value": 0.5, "state": "succeeded"},
            {"index": 1, "params": {"lr": 0.2}, "value": None, "state": "succeeded"},
            {"index": 2, "params": {"lr": 0.3}, "value": 0.4, "state": "failed"},
        ],
    }


@pytest.mark.parametrize("answer", [[{"lr": 0.7}, {"lr": 0.8}], {"suggestions": [{"lr": 0.7}, {"lr": 0.8}]}])
def test_its_answer_becomes_trials_that_ask_as_any_other(answer):
    suggested = SWEEP.suggested(answer, HISTORY)
    assert [trial.index for trial in suggested] == [3, 4]
    assert SWEEP.ask(4, [*HISTORY, *suggested]) == {"lr": 0.8}


def test_the_first_round_starts_at_0():
    assert [trial.index for trial in SWEEP.suggested([{"lr": 0.7}], [])] == [0]


@pytest.mark.parametrize("answer", [None, {"lr": 0.7}, [0.7], "no"])
def test_any_other_answer_is_refused(answer):
    with pytest.raises(CompilationError, match="the tuner must give a list of params"):
        SWEEP.suggested(answer, HISTORY)


def test_a_trial_waits_for_its_round():
    with pytest.raises(TooEarly, match="the tuner has not suggested trial 3 yet"):
        SWEEP.ask(3, HISTORY)


def test_only_the_tuner_knows_how_many_trials_there_are():
    assert SWEEP.trials() is None
