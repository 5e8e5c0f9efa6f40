import math

import pytest

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Point
from tests.store.samples import NOON, after, run, uuid

NAN, INF = math.nan, math.inf


def points(*steps_and_values, name="loss"):
    return [Point(name, step, value, 1000.0 + step) for step, value in steps_and_values]


def curve(store, number=1, name="loss"):
    found = store.metrics.of(uuid(number))[name]
    return list(zip(found.steps, found.values, strict=True))


class TestLog:
    def test_points_come_back_by_step_with_their_times(self, store):
        store.runs.begin(run())
        store.metrics.log(uuid(1), points((2, 0.5), (0, 1.0), (1, 0.7)), at=NOON)
        found = store.metrics.of(uuid(1))["loss"]
        assert (found.steps, found.values, found.times) == (
            (0, 1, 2),
            (1.0, 0.7, 0.5),
            (1000.0, 1001.0, 1002.0),
        )

    @pytest.mark.parametrize(
        ("batches", "expected"),
        [
            pytest.param([[(0, 1.0), (0, 2.0)]], [(0, 2.0)], id="twice in a batch: the last value"),
            pytest.param(
                [[(0, 1.0), (1, 3.0)], [(0, 2.0)]], [(0, 2.0), (1, 3.0)], id="again later: the last value"
            ),
            pytest.param([[(0, INF)], [(1, -INF)]], [(0, INF), (1, -INF)], id="infinities are values"),
            pytest.param([[(-1, 0.5)], [(2**62, 0.25)]], [(-1, 0.5), (2**62, 0.25)], id="any 64-bit step"),
            pytest.param([[(0, 1.0)], []], [(0, 1.0)], id="an empty batch changes nothing"),
        ],
    )
    def test_batches_add_up(self, store, batches, expected):
        store.runs.begin(run())
        for batch in batches:
            store.metrics.log(uuid(1), points(*batch), at=NOON)
        assert curve(store) == expected

    def test_nan_is_a_value(self, store):
        store.runs.begin(run())
        store.metrics.log(uuid(1), points((0, NAN), (1, 0.5)), at=NOON)
        (first, second) = store.metrics.of(uuid(1))["loss"].values
        assert math.isnan(first)
        assert second == 0.5

    @pytest.mark.parametrize("batch", [20, 511, 512, 513, 1100])
    def test_long_curves_in_any_batches(self, store, batch):
        store.runs.begin(run())
        written = [(step, step / 7) for step in range(1100)]
        for start in range(0, 1100, batch):
            store.metrics.log(uuid(1), points(*written[start : start + batch]), at=NOON)
        assert curve(store) == written

    def test_an_unknown_run_is_an_error(self, store):
        with pytest.raises(StoreError, match="no run"):
            store.metrics.log(uuid(9), points((0, 1.0)), at=NOON)


class TestRetries:
    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            pytest.param(
                [(0, 9.0), (1, 8.0), (2, 7.0)],
                [(0, 5.0)],
                [(0, 5.0)],
                id="from the start: all of it is superseded",
            ),
            pytest.param(
                [(0, 9.0), (1, 8.0), (2, 7.0)],
                [(1, 5.0)],
                [(0, 9.0), (1, 5.0)],
                id="from a checkpoint: what is before it stays",
            ),
            pytest.param(
                [(0, 9.0), (5, 8.0)],
                [(3, 5.0), (1, 6.0)],
                [(0, 9.0), (1, 6.0), (3, 5.0)],
                id="steps out of order",
            ),
        ],
    )
    def test_a_later_try_supersedes_from_its_first_step_on(self, store, first, second, expected):
        store.runs.begin(run())
        store.metrics.log(uuid(1), points(*first), at=NOON)
        store.runs.begin(run(try_number=2))
        store.metrics.log(uuid(1), points(*second), at=NOON)
        assert curve(store) == expected

    def test_a_report_of_an_earlier_try_is_dropped(self, store):
        store.runs.begin(run())
        store.runs.begin(run(try_number=2))
        store.metrics.log(uuid(1), points((0, 1.0)), at=NOON, try_number=1)
        assert store.metrics.of(uuid(1)) == {}
        assert store.runs.get(uuid(1)).outputs == {}

    def test_a_report_of_a_later_try_fences_off_the_earlier(self, store):
        store.runs.begin(run())
        store.metrics.log(uuid(1), points((0, 1.0)), at=NOON, try_number=2)
        store.metrics.log(uuid(1), points((0, 2.0)), at=NOON, try_number=1)
        assert curve(store) == [(0, 1.0)]
        assert store.runs.get(uuid(1)).try_number == 2

    def test_a_restarted_metric_loses_what_it_had(self, store):
        store.runs.begin(run())
        store.metrics.log(uuid(1), [*points((1, 9.0), (2, 8.0)), *points((1, 0.1), name="acc")], at=NOON)
        known = store.metrics.of(uuid(1))["loss"].revision
        store.metrics.log(uuid(1), points((0, 9.5)), at=NOON, restarted={"loss"})
        assert curve(store) == [(0, 9.5)]
        assert curve(store, name="acc") == [(1, 0.1)]
        assert store.metrics.of(uuid(1))["loss"].revision > known


class TestOutputs:
    @pytest.mark.parametrize(
        ("batches", "expected"),
        [
            pytest.param([[(0, 1.0), (1, 0.5)]], 0.5, id="the last value"),
            pytest.param([[(1, 0.5)], [(0, 1.0)]], 1.0, id="the last reported, whatever its step"),
            pytest.param([[(0, 1.0)], [(1, NAN)]], None, id="None for NaN, as in Polyaxon"),
            pytest.param([[(0, INF)]], None, id="None for an infinity"),
        ],
    )
    def test_the_last_value_is_an_output(self, store, batches, expected):
        store.runs.begin(run(outputs={"model": "m.pt"}))
        for batch in batches:
            store.metrics.log(uuid(1), points(*batch), at=after(3))
        stored = store.runs.get(uuid(1))
        assert stored.outputs == {"model": "m.pt", "loss": expected}
        assert stored.heartbeat_at == after(3)


class TestCurves:
    def test_of_all_trials_by_index(self, store):
        for number, index in [(1, 1), (2, 0), (3, 2)]:
            store.runs.begin(run(number, pipeline=uuid(99), trial_index=index))
        store.runs.begin(run(4, pipeline=uuid(98), trial_index=0))
        for number in (1, 2, 4):
            store.metrics.log(uuid(number), points((0, float(number))), at=NOON)
            store.metrics.log(uuid(number), points((0, 0.0), name="acc"), at=NOON)
        curves = store.metrics.curves(uuid(99), "loss")
        assert [(found.run, found.trial_index, found.values) for found in curves] == [
            (uuid(2), 0, (2.0,)),
            (uuid(1), 1, (1.0,)),
        ]

    def test_known_curves_are_read_again_only_when_they_have_grown(self, store):
        for number in (1, 2):
            store.runs.begin(run(number, pipeline=uuid(99), trial_index=number))
            store.metrics.log(uuid(number), points((0, 1.0)), at=NOON)
        known = store.metrics.curves(uuid(99), "loss")
        store.metrics.log(uuid(2), points((1, 0.5)), at=NOON)
        again = store.metrics.curves(uuid(99), "loss", known)
        assert again[0] is known[0]
        assert again[1].values == (1.0, 0.5)
        assert again == store.metrics.curves(uuid(99), "loss")
