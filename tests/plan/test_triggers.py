"""Triggers over all combinations of up to three upstream states, against the table of spec section 3.7."""

from itertools import product

import pytest

from polyaxon_airflow.plan.triggers import decide, outcome

S, F, U, X, K, R = "succeeded", "failed", "upstream_failed", "stopped", "skipped", "running"
STATES = (S, F, U, X, K, R)
COMBINATIONS = [states for n in (1, 2, 3) for states in product(STATES, repeat=n)]


def all_are_done(states):
    return R not in states


def one_is_done(states):
    return any(state != R for state in states)


# trigger: (evaluated when, starts if), row by row as the table has it.
TABLE = {
    "all_succeeded": (all_are_done, lambda states: set(states) == {S}),
    "all_failed": (all_are_done, lambda states: set(states) == {F}),
    "all_done": (all_are_done, lambda states: True),
    "one_done": (one_is_done, lambda states: True),
    "one_succeeded": (one_is_done, lambda states: S in states),
    "one_failed": (one_is_done, lambda states: F in states),
}


@pytest.mark.parametrize("trigger", TABLE)
def test_a_trigger_means_what_the_table_says(trigger):
    evaluated, starts = TABLE[trigger]
    for states in COMBINATIONS:
        expected = "wait" if not evaluated(states) else "start" if starts(states) else "upstream_failed"
        assert decide(trigger, states) == expected, states


@pytest.mark.parametrize("trigger", TABLE)
def test_without_upstreams_every_trigger_starts(trigger):
    assert decide(trigger, []) == "start"


@pytest.mark.parametrize("trigger", TABLE)
def test_a_skip_is_passed_on_at_once_where_the_file_asks_for_it(trigger):
    for states in COMBINATIONS:
        verdict = decide(trigger, states, skip_on_upstream_skip=True)
        assert (verdict == "skip") == (K in states), states


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        pytest.param({"a": S, "b": S}, "succeeded", id="all succeeded"),
        pytest.param({"a": F, "b": S}, "failed", id="a failure is not handled away by a later success"),
        pytest.param({"a": X, "b": X}, "stopped", id="all were stopped"),
        pytest.param({"a": S, "b": X}, "succeeded", id="some were stopped"),
        pytest.param(
            {"a": S, "b": U, "c": K}, "succeeded", id="leftovers that could not start do not spoil it"
        ),
        pytest.param({"a": F, "b": U}, "failed", id="what made them not start does"),
    ],
)
def test_how_a_pipeline_ends(statuses, expected):
    status, reason = outcome(statuses)
    assert status == expected
    assert (status == "failed") == ("a failed" in reason)
