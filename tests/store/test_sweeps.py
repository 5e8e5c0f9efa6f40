import pytest

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Decision, ParamsTakenError, Suggestion
from tests.store.samples import NOON, after, uuid

SWEEP = uuid(1)


class TestClaim:
    def test_the_first_answer_stands(self, store):
        first = store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, {"engine": "tpe"}, at=NOON)
        second = store.sweeps.claim(SWEEP, 0, {"lr": 0.2}, {"engine": "random"}, at=after(1))
        assert first == second == Suggestion(SWEEP, 0, {"lr": 0.1}, {"engine": "tpe"}, NOON)

    def test_trials_and_sweeps_are_apart(self, store):
        store.sweeps.claim(SWEEP, 1, {"lr": 0.2}, at=NOON)
        store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, at=NOON)
        store.sweeps.claim(uuid(2), 0, {"lr": 0.3}, at=NOON)
        assert [(found.index, found.params) for found in store.sweeps.suggestions(SWEEP)] == [
            (0, {"lr": 0.1}),
            (1, {"lr": 0.2}),
        ]
        assert store.sweeps.suggestion(uuid(2), 0).params == {"lr": 0.3}
        assert store.sweeps.suggestion(uuid(2), 1) is None

    def test_distinct_params_are_taken_once(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.1, "depth": 3}, at=NOON, distinct=True)
        with pytest.raises(ParamsTakenError, match="already those of trial 0") as raised:
            store.sweeps.claim(SWEEP, 1, {"depth": 3, "lr": 0.1}, at=NOON, distinct=True)
        assert raised.value.taken_by == 0
        assert store.sweeps.claim(SWEEP, 1, {"lr": 0.2}, at=NOON, distinct=True).index == 1

    def test_a_retry_of_a_distinct_claim_gets_it_again(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, at=NOON, distinct=True)
        assert store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, at=NOON, distinct=True).params == {"lr": 0.1}

    def test_the_same_params_twice_where_they_need_not_be_distinct(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, at=NOON)
        assert store.sweeps.claim(SWEEP, 1, {"lr": 0.1}, at=NOON).params == {"lr": 0.1}

    def test_other_sweeps_may_have_the_same_params(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.1}, at=NOON, distinct=True)
        assert store.sweeps.claim(uuid(2), 0, {"lr": 0.1}, at=NOON, distinct=True).index == 0


class TestEnqueue:
    def test_known_points_go_to_the_first_trials_without_params(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.5}, at=NOON)
        store.sweeps.claim(SWEEP, 2, {"lr": 0.6}, at=NOON)
        assert store.sweeps.enqueue(SWEEP, [{"lr": 1}, {"lr": 2}], {"engine": "known"}, at=NOON) == [1, 3]
        assert store.sweeps.claim(SWEEP, 1, {"lr": 0.9}, at=after(1)).params == {"lr": 1}
        assert store.sweeps.suggestion(SWEEP, 3).meta == {"engine": "known"}

    def test_more_points_than_trials_is_an_error_and_enqueues_nothing(self, store):
        store.sweeps.claim(SWEEP, 0, {"lr": 0.5}, at=NOON)
        with pytest.raises(
            StoreError, match="its 2 trials have not 2 left for the enqueued points; raise numRuns"
        ):
            store.sweeps.enqueue(SWEEP, [{"lr": 1}, {"lr": 2}], at=NOON, trials=2)
        assert len(store.sweeps.suggestions(SWEEP)) == 1


class TestDecide:
    def test_the_first_decision_stands(self, store):
        first = store.sweeps.decide(SWEEP, "succeeded", "acc 0.99 reached by trial 3", at=NOON, by=uuid(3))
        second = store.sweeps.decide(SWEEP, "failed", "half of the trials failed", at=after(1))
        assert first == second == Decision(SWEEP, "succeeded", "acc 0.99 reached by trial 3", NOON, uuid(3))

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            pytest.param([uuid(3), SWEEP], uuid(3), id="its own first"),
            pytest.param([uuid(4), SWEEP], SWEEP, id="else its sweep's"),
            pytest.param([uuid(4), None], None, id="none"),
            pytest.param([], None, id="of nobody"),
        ],
    )
    def test_a_trial_asks_for_itself_and_its_sweep(self, store, asked, found):
        store.sweeps.decide(SWEEP, "failed", "failures", at=NOON)
        store.sweeps.decide(uuid(3), "stopped", "median", at=NOON)
        decision = store.sweeps.decision(*asked)
        assert (decision and decision.run) == found

    def test_withdrawn_is_undecided(self, store):
        store.sweeps.decide(SWEEP, "failed", "failures", at=NOON)
        store.sweeps.withdraw(SWEEP)
        assert store.sweeps.decision(SWEEP) is None
