import pytest

from polyaxon_airflow.tracking import Tracker

UUID = "0" * 31 + "1"
NOW = 5000.0


@pytest.fixture
def place(tmp_path):
    (tmp_path / "runs" / UUID / "events" / "metric").mkdir(parents=True)
    return tmp_path


def tracker(place, *names):
    return Tracker(names=names, runs=place / "runs", uuid=UUID, metrics_file=place / "metrics.jsonl")


def report(place, text):
    with (place / "metrics.jsonl").open("a") as file:
        file.write(text)


def event(place, text, name="loss", uuid=UUID):
    path = place / "runs" / uuid / "events" / "metric" / f"{name}.plx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def points(batch):
    return [(point.name, point.step, point.value) for point in batch.points]


HEADER = "step|timestamp|metric"


def test_what_is_new_comes_once(place):
    following = tracker(place, "acc")
    report(place, '{"step": 1, "loss": 0.5}\n')
    following.line("acc=0.1", at=NOW)
    assert points(following.poll(NOW)) == [("acc", 1, 0.1), ("loss", 1, 0.5)]
    assert points(following.poll(NOW)) == []
    report(place, '{"step": 2, "loss": 0.4}\n')
    assert points(following.poll(NOW)) == [("loss", 2, 0.4)]


def test_files_may_come_late_or_never(tmp_path):
    following = Tracker(
        names=["loss"], runs=tmp_path / "runs", uuid=UUID, metrics_file=tmp_path / "metrics.jsonl"
    )
    assert points(following.poll(NOW)) == []
    event(tmp_path, f"{HEADER}\n0||1.0\n")
    assert points(following.poll(NOW)) == [("loss", 0, 1.0)]
    assert Tracker(names=["loss"]).finish(NOW).points == ()


def test_a_last_row_counts_when_the_file_rests(place):
    following = tracker(place)
    event(place, f"{HEADER}\n0||1.0\n1||0.5")
    assert points(following.poll(NOW)) == [("loss", 0, 1.0)]
    assert points(following.poll(NOW)) == [("loss", 1, 0.5)]
    assert points(following.poll(NOW)) == []


def test_a_last_row_counts_when_the_run_has_ended(place):
    following = tracker(place)
    event(place, f"{HEADER}\n0||1.0\n1||0.5")
    report(place, '{"step": 1, "acc": 0.5}\n{"step": 2, "acc": 0.6')
    assert points(following.finish(NOW)) == [("acc", 1, 0.5), ("loss", 0, 1.0), ("loss", 1, 0.5)]


class TestOfSeveralPlaces:
    def test_the_metrics_file_counts_before_events_and_events_before_the_log(self, place):
        following = tracker(place, "loss", "acc", "mae")
        report(place, '{"step": 0, "loss": 0.1}\n')
        for name in ("loss", "acc"):
            event(place, f"{HEADER}\n0||0.2\n", name)
        following.line("loss=0.3 acc=0.3 mae=0.3", at=NOW)
        assert sorted(points(following.poll(NOW))) == [("acc", 0, 0.2), ("loss", 0, 0.1), ("mae", 1, 0.3)]

    def test_a_better_place_that_comes_later_starts_the_metric_again(self, place):
        following = tracker(place, "loss", "acc")
        following.line("loss=0.9 acc=0.1", at=NOW)
        assert following.poll(NOW).restarted == frozenset()
        following.line("loss=0.8 acc=0.2", at=NOW)
        event(place, f"{HEADER}\n0||0.9\n1||0.8\n")
        batch = following.poll(NOW)
        assert batch.restarted == {"loss"}
        assert points(batch) == [("acc", 2, 0.2), ("loss", 0, 0.9), ("loss", 1, 0.8)]
        following.line("loss=0.7", at=NOW)
        assert following.poll(NOW) == type(batch)()

    def test_events_under_the_run_s_uuid_count_before_others(self, place):
        following = tracker(place)
        event(place, f"{HEADER}\n0||0.9\n", uuid="f" * 32)
        assert points(following.poll(NOW)) == [("loss", 0, 0.9)]
        event(place, f"{HEADER}\n0||0.5\n")
        assert (points(batch := following.poll(NOW)), batch.restarted) == ([("loss", 0, 0.5)], {"loss"})


class TestAnEarlierTry:
    def test_what_it_left_is_skipped(self, place):
        report(place, '{"step": 9, "loss": 0.1}\n')
        event(place, f"{HEADER}\n9||0.1", "acc")
        following = tracker(place)
        following.skip_existing()
        assert points(following.poll(NOW)) == []
        report(place, '{"step": 0, "loss": 0.9}\n')
        event(place, "\n0||0.9\n", "acc")
        assert points(following.poll(NOW)) == [("loss", 0, 0.9), ("acc", 0, 0.9)]

    def test_a_run_that_lives_is_read_from_the_start_again(self, place):
        report(place, '{"step": 0, "loss": 0.9}\n')
        assert points(tracker(place).poll(NOW)) == points(tracker(place).poll(NOW)) == [("loss", 0, 0.9)]


def test_a_file_that_was_cut_is_read_again(place):
    following = tracker(place)
    report(place, '{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.25}\n')
    following.poll(NOW)
    (place / "metrics.jsonl").write_text('{"step": 3, "loss": 0.1}\n')
    assert points(following.poll(NOW)) == [("loss", 3, 0.1)]


def test_a_file_that_was_replaced_is_read_again(place):
    following = tracker(place)
    report(place, '{"step": 1, "loss": 0.5}\n')
    following.poll(NOW)
    (place / "new").write_text("".join(f'{{"step": {step}, "loss": 0.1}}\n' for step in (1, 2, 3)))
    (place / "new").replace(place / "metrics.jsonl")
    assert points(following.poll(NOW)) == [("loss", 1, 0.1), ("loss", 2, 0.1), ("loss", 3, 0.1)]


def test_problems_are_told_once(place):
    following = tracker(place)
    report(place, "loss=0.5\n")
    event(place, f"{HEADER}\n0|0.5\n")
    assert following.poll(NOW).problems == (
        "metrics.jsonl: line 1 is not a JSON object: 'loss=0.5'",
        "loss.plx: '0|0.5' is not step|timestamp|value",
    )
    report(place, "loss=0.4\n")
    assert following.poll(NOW).problems == ()


def test_a_growing_file_is_read_in_full_at_the_end(place):
    following = tracker(place)
    report(place, "".join(f'{{"step": {step}, "loss": 0.5}}\n' for step in range(300_000)))
    first = following.poll(NOW).points
    assert 0 < len(first) < 300_000
    assert len(first) + len(following.finish(NOW).points) == 300_000
