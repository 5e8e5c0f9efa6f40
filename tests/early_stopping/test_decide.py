"""What stops, when, and with which words."""

import math
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from polyaxon_airflow.early_stopping import EARLY_STOPPING, Curve, Decision, EarlyStopping, decide
from polyaxon_airflow.errors import CompilationError

ENTRIES = TypeAdapter(list[Annotated[EarlyStopping, EARLY_STOPPING]])
nan, inf = math.nan, math.inf


def entries(*sections):
    return ENTRIES.validate_python(list(sections))


def metric(policy=None, value=0.1, optimization="minimize", name="loss"):
    section = {"kind": "metric_early_stopping", "metric": name, "value": value, "optimization": optimization}
    return section | ({"policy": policy} if policy else {})


def median(**fields):
    return {"kind": "median", "minInterval": 1, "minSamples": 1, **fields}


def flat(index, value, length=8, state="running", **more):
    return Curve(index, state, range(1, length + 1), [value] * length, **more)


NOTHING = Decision()


# ---- the goal


@pytest.mark.parametrize("state", ["running", "succeeded", "stopped", "failed"])
def test_a_goal_that_any_trial_reached_ends_the_sweep_as_succeeded(state):
    curves = [flat(0, 0.5), Curve(1, state, [1, 2, 3], [0.3, 0.08, 0.2])]
    assert decide(entries(metric()), curves) == Decision(
        "succeeded", "trial 1 reached loss 0.08 at step 2, the goal is 0.1"
    )


@pytest.mark.parametrize(
    ("value", "optimization", "expected"),
    [
        pytest.param(0.1, "minimize", "succeeded", id="a loss at the goal"),
        pytest.param(0.10001, "minimize", "nothing", id="a loss above it"),
        pytest.param(0.1, "maximize", "succeeded", id="an accuracy at the goal"),
        pytest.param(0.0999, "maximize", "nothing", id="an accuracy below it"),
        pytest.param(0.1, 0.5, "succeeded", id="a number means minimize"),
        pytest.param(nan, "minimize", "nothing", id="NaN reaches nothing"),
        pytest.param(-inf, "minimize", "nothing", id="nor does -inf"),
        pytest.param(inf, "maximize", "nothing", id="nor inf"),
    ],
)
def test_goal(value, optimization, expected):
    assert decide(entries(metric(optimization=optimization)), [flat(0, value)]).scope == expected


def test_the_last_report_of_a_step_counts():
    assert decide(entries(metric()), [Curve(0, "running", [1, 2, 2], [1.0, 0.05, 0.5])]) == NOTHING


def test_a_policy_makes_the_value_mean_nothing():
    assert decide(entries(metric(median())), [flat(0, 0.01), flat(1, 0.01)]) == NOTHING


def test_curves_of_other_metrics_do_not_count():
    assert decide(entries(metric()), [flat(0, 0.01, metric="accuracy")]) == NOTHING


# ---- failures


def outcomes(**counts):
    states = [state for state, count in counts.items() for _ in range(count)]
    return [Curve(index, state, (), ()) for index, state in enumerate(states)]


@pytest.mark.parametrize(
    ("counts", "planned", "expected"),
    [
        pytest.param({"failed": 5, "succeeded": 5}, 10, "failed", id="half of all"),
        pytest.param({"failed": 4, "succeeded": 5}, 10, "nothing", id="less than half of all"),
        pytest.param({"failed": 5}, 10, "failed", id="half of all at the start"),
        pytest.param({"failed": 3, "running": 3}, None, "failed", id="half of those that are known"),
        pytest.param({"failed": 1}, None, "nothing", id="the only one that is known"),
        pytest.param({"failed": 1}, 1, "failed", id="the only one there is"),
        pytest.param({"failed": 2, "skipped": 1}, None, "nothing", id="two that ended"),
        pytest.param({"succeeded": 9}, 9, "nothing", id="nobody failed"),
    ],
)
def test_failures(counts, planned, expected):
    policies = entries({"kind": "failure_early_stopping", "percent": 50})
    assert decide(policies, outcomes(**counts), planned=planned).scope == expected


def test_the_reason_counts_failures():
    policies = entries({"kind": "failure_early_stopping", "percent": 20})
    decision = decide(policies, outcomes(failed=3, succeeded=7), planned=10)
    assert decision == Decision("failed", "3 of 10 trials failed, 20% are too many")


@pytest.mark.parametrize("percent", [-1, 0, 101])
def test_percents_that_mean_nothing(percent):
    policies = entries({"kind": "failure_early_stopping", "percent": percent})
    assert decide(policies, outcomes(failed=9), planned=9) == NOTHING


def test_the_lowest_percent_counts():
    policies = entries(*({"kind": "failure_early_stopping", "percent": percent} for percent in (90, 10)))
    assert decide(policies, outcomes(failed=2, succeeded=8)).scope == "failed"


def test_a_goal_weighs_more_than_failures_and_both_more_than_trials():
    fails = {"kind": "failure_early_stopping", "percent": 10}
    curves = [
        flat(0, 0.05, state="succeeded"),
        flat(1, 9.0),
        *outcomes(failed=4)[2:],
        flat(9, 0.5, state="failed"),
    ]
    assert decide(entries(fails, metric(median()), metric()), curves).scope == "succeeded"
    assert decide(entries(fails, metric(median())), curves).scope == "failed"
    assert decide(entries(metric(median())), curves).scope == "trials"


# ---- policies


def test_the_reason_can_be_read():
    others = [flat(index, 1.12, state="succeeded") for index in range(7)]
    decision = decide(entries(metric(median())), [flat(7, 2.31, length=6), *others])
    assert decision == Decision("trials", trials={7: "stopped at step 6: loss 2.31, median of 7 trials 1.12"})


REASONS = [
    pytest.param(
        {"kind": "diff", "percent": 50, "evaluationInterval": 1},
        "stopped at step 8: loss 4, more than 50% behind 1, the best of 3 trials",
        id="diff",
    ),
    pytest.param(
        {"kind": "truncation", "percent": 25, "evaluationInterval": 1},
        "stopped at step 8: loss 4, rank 4 of 4 trials, the worst 25% stop",
        id="truncation",
    ),
    pytest.param(
        {"kind": "asha", "eta": 2, "minInterval": 4},
        "stopped at step 8: loss 4, rank 4 of 4 trials at this rung, the best 2 go on",
        id="asha",
    ),
]


@pytest.mark.parametrize(("policy", "reason"), REASONS)
def test_every_policy_says_why(policy, reason):
    curves = [flat(index, float(index + 1)) for index in range(4)]
    decision = decide(entries(metric(policy)), curves, only={3})
    assert decision == Decision("trials", trials={3: reason})


def stops(policy, value, others, *, length=8, optimization="minimize", state="succeeded"):
    """Whether a flat running trial is stopped beside flat others."""
    curves = [flat(0, value, length), *(flat(1 + i, other, 10, state) for i, other in enumerate(others))]
    return decide(entries(metric(policy, optimization=optimization)), curves, only={0}).scope == "trials"


@pytest.mark.parametrize(
    ("value", "others", "optimization", "expected"),
    [
        pytest.param(2.1, [1, 2, 3], "minimize", True, id="worse than the middle"),
        pytest.param(2.0, [1, 2, 3], "minimize", False, id="as the middle"),
        pytest.param(1.9, [1, 2, 3], "maximize", True, id="worse than the middle of what is maximized"),
        pytest.param(2.1, [1, 3], "minimize", True, id="between two"),
        pytest.param(nan, [1, 2, 3], "minimize", True, id="NaN"),
        pytest.param(nan, [nan, nan, nan], "minimize", False, id="NaN among NaN"),
        pytest.param(1.0, [nan, nan, nan], "minimize", False, id="a number among NaN"),
    ],
)
def test_median(value, others, optimization, expected):
    assert stops(median(), value, others, optimization=optimization) is expected


@pytest.mark.parametrize(
    ("value", "percent", "optimization", "expected"),
    [
        pytest.param(2.1, 5, "minimize", False, id="5% worse than 2"),
        pytest.param(2.11, 5, "minimize", True, id="more than 5% worse"),
        pytest.param(1.89, 5, "maximize", True, id="more than 5% less"),
        pytest.param(1.91, 5, "maximize", False, id="less than 5% less"),
    ],
)
def test_diff(value, percent, optimization, expected):
    policy = {"kind": "diff", "percent": percent, "evaluationInterval": 1, "minInterval": 1, "minSamples": 1}
    others = [2, 3] if optimization == "minimize" else [2, 1]
    assert stops(policy, value, others, optimization=optimization) is expected


def test_diff_of_negative_values_is_of_their_size():
    """A maximized log-likelihood: 10% worse than -100 is -110."""
    policy = {"kind": "diff", "percent": 10, "evaluationInterval": 1, "minInterval": 1, "minSamples": 1}
    assert not stops(policy, -109.0, [-100, -300], optimization="maximize")
    assert stops(policy, -111.0, [-100, -300], optimization="maximize")


@pytest.mark.parametrize(
    ("percent", "stopped"),
    [
        pytest.param(20, {9, 8}, id="2 of 10"),
        pytest.param(29, {9, 8}, id="rounded down to whole trials"),
        pytest.param(50, {9, 8, 7, 6, 5}, id="half"),
        pytest.param(5, set(), id="less than a trial"),
    ],
)
def test_truncation(percent, stopped):
    policy = {"kind": "truncation", "percent": percent, "evaluationInterval": 1, "minInterval": 1}
    decision = decide(entries(metric(policy)), [flat(index, float(index)) for index in range(10)])
    assert set(decision.trials) == stopped


@pytest.mark.parametrize(("include", "expected"), [(None, True), (True, True), (False, False)])
def test_truncation_compares_with_those_that_succeeded_unless_it_is_told_not_to(include, expected):
    policy = {
        "kind": "truncation",
        "percent": 50,
        "evaluationInterval": 1,
        "minInterval": 1,
        "includeSucceeded": include,
    }
    assert stops(policy, 9.0, [1, 2, 3]) is expected


@pytest.mark.parametrize(
    ("length", "expected"), [(3, False), (4, True), (7, True), (8, True), (11, True), (12, True)]
)
def test_asha_has_rungs(length, expected):
    """4 and 8 and so on for eta 2 from 4 on: whoever passed one is still judged by it."""
    policy = {"kind": "asha", "eta": 2, "minInterval": 4, "minSamples": 1}
    assert stops(policy, 9.0, [1, 2, 3], length=length) is expected


@pytest.mark.parametrize(("length", "step"), [(1, None), (2, 2), (5, 2), (6, 6), (7, 6)])
def test_the_rungs_of_asha_that_says_nothing_else(length, step):
    """2, 6, 18 and so on, and three others to compare with."""
    curves = [flat(0, 9.0, length), *(flat(1 + index, float(index), 10) for index in range(3))]
    decision = decide(entries(metric({"kind": "asha"})), curves, only={0})
    reason = f"stopped at step {step}: loss 9, rank 4 of 4 trials at this rung, the best 1 go on"
    assert decision.trials == ({} if step is None else {0: reason})


def test_asha_keeps_the_best_of_eta():
    policy = {"kind": "asha", "eta": 3, "minInterval": 2}
    decision = decide(entries(metric(policy)), [flat(index, float(index)) for index in range(9)])
    assert set(decision.trials) == set(range(3, 9))


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        pytest.param(3, False, id="before minInterval"),
        pytest.param(4, True, id="at it"),
        pytest.param(9, True, id="after"),
    ],
)
def test_min_interval(reports, expected):
    assert stops(median(minInterval=4), 9.0, [1, 2], length=reports) is expected


@pytest.mark.parametrize(("samples", "expected"), [(2, True), (3, False)])
def test_min_samples(samples, expected):
    assert stops(median(minSamples=samples), 9.0, [1, 2]) is expected


def test_unset_intervals_and_samples():
    policy = {"kind": "median"}
    assert not stops(policy, 9.0, [1, 2, 3], length=7)
    assert not stops(policy, 9.0, [1, 2], length=8)
    assert stops(policy, 9.0, [1, 2, 3], length=8)


@pytest.mark.parametrize(("reports", "looks_at"), [(4, 4), (5, 4), (6, 4), (7, 7), (9, 7), (10, 10)])
def test_evaluation_interval(reports, looks_at):
    """Of 3 from the 4th report on: the trial is judged as it stood at its last look."""
    others = [flat(index, 5.0, 10, "succeeded") for index in range(1, 4)]
    values = [9.0] * looks_at + [8.0] * (reports - looks_at)
    policies = entries(metric(median(minInterval=4, evaluationInterval=3)))
    decision = decide(policies, [Curve(0, "running", range(1, reports + 1), values), *others])
    assert decision.trials[0].startswith(f"stopped at step {looks_at}: loss 9,")


def test_trials_are_compared_at_the_same_step():
    """The other one is far ahead, and was as bad at this step."""
    other = Curve(1, "running", range(1, 21), [9.0] * 8 + [0.1] * 12)
    assert decide(entries(metric(median())), [flat(0, 9.0, 8), other], only={0}) == NOTHING


@pytest.mark.parametrize(
    ("lengths", "step"),
    [
        pytest.param([8, 8, 8], 8, id="all came as far"),
        pytest.param([8, 8, 7], 7, id="at the last step that three have come to"),
        pytest.param([12, 12, 5, 3], 5, id="those behind it do not hold it"),
        pytest.param([8, 8], None, id="two are too few"),
        pytest.param([8, 8, 3], None, id="before minInterval"),
    ],
)
def test_a_trial_that_is_ahead_is_judged_where_enough_others_have_come(lengths, step):
    others = [flat(1 + index, 0.1, length) for index, length in enumerate(lengths)]
    decision = decide(
        entries(metric(median(minInterval=4, minSamples=3))), [flat(0, 9.0, 8), *others], only={0}
    )
    expected = {} if step is None else {0: f"stopped at step {step}: loss 9, median of 3 trials 0.1"}
    assert decision.trials == expected


def test_what_a_trial_has_shown_since_speaks_for_it():
    """At step 4 it was far behind; at step 6, where nobody else has come yet, it is as good as they are."""
    others = [flat(index, 0.5, 4) for index in range(1, 4)]
    policies = entries(metric(median(minInterval=4)))
    assert (
        decide(policies, [Curve(0, "running", range(1, 7), [9.0] * 5 + [0.6]), *others], only={0}) != NOTHING
    )
    assert (
        decide(policies, [Curve(0, "running", range(1, 7), [9.0] * 5 + [0.5]), *others], only={0}) == NOTHING
    )


def test_reports_at_other_steps_count_up_to_this_one():
    """One reports each epoch, the other every 100 batches."""
    sparse = Curve(1, "running", [0, 100, 200], [3.0, 2.0, 0.1])
    decision = decide(
        entries(metric(median())), [Curve(0, "running", [50, 150], [9.0, 9.0]), sparse], only={0}
    )
    assert decision.trials == {0: "stopped at step 150: loss 9, median of 1 trial 2"}


@pytest.mark.parametrize("state", ["running", "succeeded", "stopped", "failed"])
def test_others_count_whatever_became_of_them(state):
    assert stops(median(), 9.0, [1, 2, 3], state=state)


@pytest.mark.parametrize("state", ["succeeded", "stopped", "failed", "skipped"])
def test_only_running_trials_are_stopped(state):
    assert (
        decide(entries(metric(median())), [flat(0, 9.0, state=state), flat(1, 1.0), flat(2, 1.0)]) == NOTHING
    )


def test_a_slow_starter_that_catches_up_goes_on():
    """Loss 4, 3.5, ... down to 0.5 beside flat 0.4: each half of its steps gains what it needs to be there soon."""
    slow = Curve(0, "running", range(1, 9), [4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5])
    others = [flat(index, 0.4) for index in range(1, 5)]
    assert decide(entries(metric(median())), [slow, *others], only={0}) == NOTHING
    assert decide(entries(metric(median())), [flat(0, 0.5), *others], only={0}).scope == "trials"


@pytest.mark.parametrize(
    ("policy", "doublings"),
    [pytest.param(median(), 3, id="median"), pytest.param({"kind": "asha", "minInterval": 8}, 1, id="asha")],
)
def test_credit_is_what_the_last_half_gained_in_each_of_some_doublings(policy, doublings):
    """Loss 10, then 9 from report 5 on: a gain of 1 over the quarter before."""
    gaining = Curve(0, "running", range(1, 9), [10.0] * 4 + [9.0] * 4)
    for short, stopped in ((0.01, True), (-0.01, False)):
        others = [flat(index, 9.0 - doublings - short) for index in range(1, 4)]
        assert (0 in decide(entries(metric(policy)), [gaining, *others], only={0}).trials) is stopped


def test_templates_must_be_filled_in():
    with pytest.raises(CompilationError, match=r"still has the template '\{\{ goal \}\}'"):
        decide(entries(metric(value="{{ goal }}")), [flat(0, 1.0)])
    with pytest.raises(CompilationError, match=r"still has the template '\{\{ n \}\}'"):
        decide(entries(metric(median(minSamples="{{ n }}"))), [flat(0, 9.0), flat(1, 1.0)])


def test_nothing_to_look_at():
    assert decide(entries(metric(median()), metric()), []) == NOTHING
    assert decide([], [flat(0, 1.0)]) == NOTHING
    assert decide(entries(metric(median())), [Curve(0, "running", (), ()), flat(1, 1.0)]) == NOTHING


# ---- properties (tuning study, 5.4)

POLICIES = st.sampled_from(
    [
        {"kind": "median", "minInterval": 2},
        {"kind": "diff", "percent": 10, "evaluationInterval": 1, "minInterval": 2},
        {"kind": "truncation", "percent": 40, "evaluationInterval": 2, "minInterval": 2},
        {"kind": "asha", "eta": 2, "minInterval": 2},
    ]
)
NUMBERS = st.integers(-100, 100).map(float)  # whole, so that sums are exact
VALUES = st.lists(st.one_of(NUMBERS, st.sampled_from([nan, inf, -inf])), min_size=1, max_size=12)
PEERS = st.lists(VALUES, min_size=0, max_size=8)
OPTIMIZATIONS = st.sampled_from(["maximize", "minimize"])
some = settings(max_examples=150, deadline=None)


def curve(index, values, state="running"):
    return Curve(index, state, range(1, len(values) + 1), values)


def is_stopped(policy, optimization, me, peers):
    curves = [curve(0, me), *(curve(1 + index, peer) for index, peer in enumerate(peers))]
    return 0 in decide(entries(metric(policy, optimization=optimization)), curves, only={0}).trials


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS)
def test_few_others_stop_nobody(policy, optimization, me, peers):
    assert not is_stopped({**policy, "minSamples": len(peers) + 1}, optimization, me, peers)


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS)
def test_nobody_is_stopped_before_min_interval(policy, optimization, me, peers):
    assert not is_stopped({**policy, "minInterval": len(me) + 1}, optimization, me, peers)


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS)
def test_the_best_at_its_step_is_never_stopped(policy, optimization, me, peers):
    best = max if optimization == "maximize" else min
    finite = [value for values in (me, *peers) for value in values if math.isfinite(value)] or [0.0]
    leading = [best(best(finite), 0) + (1 if optimization == "maximize" else -1)] * len(me)
    assert not is_stopped(policy, optimization, leading, peers)


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS, PEERS)
def test_what_others_do_later_changes_nothing(policy, optimization, me, peers, futures):
    longer = [
        peer + (futures[index] if index < len(futures) and len(peer) >= len(me) else [])
        for index, peer in enumerate(peers)
    ]
    assert is_stopped(policy, optimization, me, peers) == is_stopped(policy, optimization, me, longer)


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS, st.integers(0, 5))
def test_to_be_ahead_changes_nothing(policy, optimization, me, peers, ahead):
    """Reports that bring nothing new, at steps that nobody else has come to, neither save nor condemn."""
    no_further = [peer[: len(me)] for peer in peers]
    longer = me + [me[-1]] * ahead
    assert is_stopped(policy, optimization, me, no_further) == is_stopped(
        policy, optimization, longer, no_further
    )


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS)
def test_whoever_leads_by_now_is_not_stopped_for_what_it_was(policy, optimization, me, peers):
    best = 101.0 if optimization == "maximize" else -101.0
    assert not is_stopped(policy, optimization, [*me, best], peers)


@some
@given(POLICIES, OPTIMIZATIONS, VALUES, PEERS, st.integers(0, 100))
def test_a_worse_trial_is_stopped_no_later(policy, optimization, me, peers, by):
    worse = [value - by if optimization == "maximize" else value + by for value in me]
    assert is_stopped(policy, optimization, worse, peers) or not is_stopped(policy, optimization, me, peers)


@some
@given(POLICIES, VALUES, PEERS)
def test_maximizing_is_minimizing_the_negative(policy, me, peers):
    negated = [[-value for value in values] for values in (me, *peers)]
    assert is_stopped(policy, "minimize", me, peers) == is_stopped(
        policy, "maximize", negated[0], negated[1:]
    )


@some
@given(POLICIES, OPTIMIZATIONS, PEERS, st.randoms(use_true_random=False))
def test_the_order_of_curves_changes_nothing(policy, optimization, peers, shuffled):
    curves = [curve(index, peer) for index, peer in enumerate(peers)]
    other = list(curves)
    shuffled.shuffle(other)
    policies = entries(metric(policy, optimization=optimization))
    assert decide(policies, curves) == decide(policies, other)
