"""`podFailurePolicy`, against what Kubernetes documents of Job.spec.podFailurePolicy."""

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.failures import policy_of
from polyaxon_airflow.sections.termination import Termination

FATAL = {
    "action": "FailJob",
    "onExitCodes": {"containerName": "polyaxon-main", "operator": "In", "values": [42, 43]},
}
SURE = {"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [1]}}
EVICTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}


def policy(*rules):
    return policy_of(Termination.model_validate({"podFailurePolicy": {"rules": list(rules)}}))


@pytest.mark.parametrize(
    ("rules", "code", "disrupted", "verdict"),
    [
        pytest.param([FATAL], 42, False, "FailJob", id="a code of the list"),
        pytest.param([FATAL], 1, False, "Count", id="a code of no rule"),
        pytest.param([FATAL, SURE], 43, False, "FailJob", id="the first rule that matches decides"),
        pytest.param([SURE], 137, False, "Ignore", id="a code that is not in the list"),
        pytest.param([SURE], 1, False, "Count", id="a code that is in the list of others"),
        pytest.param([SURE], None, False, "Count", id="no code, since nothing ended by itself"),
        pytest.param([EVICTED], 137, True, "Ignore", id="an eviction"),
        pytest.param([EVICTED], 137, False, "Count", id="killed, but not by Kubernetes"),
        pytest.param([], 1, False, "Count", id="no rules"),
    ],
)
def test_the_first_rule_that_matches_decides(rules, code, disrupted, verdict):
    assert policy(*rules).verdict(code, disrupted=disrupted) == verdict


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param({**FATAL, "action": "FailIndex"}, "cannot be 'FailIndex'; known: 'FailJob', 'Ignore' or 'Count'", id="an action for indexed jobs"),
        pytest.param({**SURE, "onExitCodes": {**SURE["onExitCodes"], "containerName": "side"}}, "cannot be 'side'", id="another container"),
        pytest.param({"action": "Count"}, "a rule has either onExitCodes or onPodConditions", id="nothing to look at"),
        pytest.param({"action": "Count", "onPodConditions": [{"type": "Ready"}]}, "cannot be 'Ready'", id="another condition"),
    ],
)  # fmt: skip
def test_what_nothing_here_can_hold_to_is_refused(rule, said):
    with pytest.raises(CompilationError) as refused:
        policy(rule)
    (fault,) = refused.value.faults
    assert said in fault.message
    assert fault.path[:4] == ("termination", "podFailurePolicy", "rules", 0)
