import pytest

from tests.e2e.storm import Storm

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_no_event_is_lost_or_doubled_while_the_triggerer_is_killed(tmp_path):
    outcome = Storm(tmp_path, 60, kill_every=12, pause=0.4).run()
    nothing = {"each": [], "batched": []}
    assert (outcome.lost, outcome.doubled, outcome.strange) == (nothing, nothing, nothing)
    assert outcome.kills >= 2
    assert outcome.runs["each"] == 120
    assert outcome.runs["batched"] <= 60
