import pytest

from tests.e2e.storm import Storm

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_no_event_is_lost_or_doubled_while_the_triggerer_is_killed(tmp_path):
    outcome = Storm(tmp_path, 60, kill_every=8, pause=0.2, at_least=3).run()
    nothing = {"each": [], "batched": []}
    assert (outcome.lost, outcome.doubled, outcome.strange) == (nothing, nothing, nothing)
    assert outcome.kills >= 3
    assert outcome.runs["each"] == 120
    assert outcome.runs["batched"] <= 60
