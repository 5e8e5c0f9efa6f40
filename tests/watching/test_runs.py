from __future__ import annotations

from datetime import timedelta

import pytest

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.store import Artifact, Point, Run, open_store
from polyaxon_airflow.watching.runs import RunsSource
from tests.watching.watchers import NOON, Watcher


class Runs:
    """Runs in a store, whose times are a clock that a test moves."""

    def __init__(self, store):
        self.store, self.now = store, NOON

    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    def begin(self, number, **fields):
        uuid = f"{number:032x}"
        self.store.runs.begin(
            Run(uuid, f"run-{number}", self.now, **{"dag_id": "train", "project": "fraud", **fields})
        )
        return uuid

    def status(self, uuid, *statuses):
        for status in statuses:
            self.wait(1)
            self.store.runs.set_status(uuid, status, f"because of {status}", at=self.now)

    def log(self, uuid, **metrics):
        self.wait(1)
        points = [Point(name, 1, value, self.now.timestamp()) for name, value in metrics.items()]
        self.store.metrics.log(uuid, points, at=self.now)


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/store.db") as found:
        yield found


@pytest.fixture
def runs(store):
    return Runs(store)


@pytest.fixture
def watcher(store):
    def make(kind, ref, **more):
        return Watcher(RunsSource(store), kind, ref, **more)

    return make


def labels(occurrences):
    return [occurrence.label for occurrence in occurrences]


class TestStatuses:
    def test_of_the_runs_of_another_polyaxonfile(self, runs, watcher):
        old = runs.begin(1)
        runs.status(old, "running", "failed")
        found = watcher("run_status_failed", "dags.train")
        assert found.see() == []
        runs.begin(9, dag_id="other")
        uuid = runs.begin(2)
        runs.status(uuid, "running", "failed")
        runs.status(f"{9:032x}", "running", "failed")
        (seen,) = found.see()
        assert seen.kind == "run_status_failed"
        assert seen.label == "run-2-failed"
        assert {name: seen.data[name] for name in ("run", "dag_id", "status", "reason")} == {
            "run": uuid,
            "dag_id": "train",
            "status": "failed",
            "reason": "because of failed",
        }
        assert found.see() == []

    def test_of_one_run_by_its_uuid_with_dashes_or_without(self, runs, watcher):
        uuid, other = runs.begin(0xABC), runs.begin(2)
        dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
        found, same = (watcher("run_status_running", f"runs.{text}") for text in (uuid, dashed))
        found.see(), same.see()
        runs.status(other, "running")
        runs.status(uuid, "running")
        assert labels(found.see()) == labels(same.see()) == ["run-2748-running"]

    def test_done_is_any_end(self, runs, watcher):
        found = watcher("run_status_done", "dags.train")
        found.see()
        for number, end in enumerate(("succeeded", "failed", "stopped", "skipped")):
            runs.status(runs.begin(number), "running", end)
        assert [one.data["status"] for one in found.see()] == ["succeeded", "failed", "stopped", "skipped"]

    def test_a_status_that_was_passed_between_two_polls_was_reached(self, runs, watcher):
        found = watcher("run_status_running", "dags.train")
        found.see()
        runs.status(runs.begin(1), "starting", "running", "succeeded")
        assert labels(found.see()) == ["run-1-running"]

    def test_a_status_that_is_reached_again_is_another_event(self, runs, watcher):
        found = watcher("run_status_running", "dags.train")
        found.see()
        uuid = runs.begin(1)
        runs.status(uuid, "running", "retrying")
        assert len(found.see()) == 1
        runs.status(uuid, "running")
        assert len(found.see()) == 1

    def test_a_report_that_comes_late_is_noticed(self, runs, watcher):
        found = watcher("run_status_failed", "dags.train")
        found.see()
        slow, quick = runs.begin(1), runs.begin(2)
        written_at = runs.now + timedelta(seconds=1)
        runs.wait(60)
        runs.status(quick, "failed")
        assert labels(found.see()) == ["run-2-failed"]
        runs.store.runs.set_status(slow, "failed", at=written_at)  # a worker whose clock is behind
        runs.wait(1)
        runs.begin(3)
        assert labels(found.see()) == ["run-1-failed"]

    def test_what_nobody_asked_for_costs_no_write(self, runs, watcher):
        runs.begin(0)
        found = watcher("run_status_failed", "dags.train")
        found.see()
        before = found.cursor
        runs.status(runs.begin(1), "running")
        assert found.see() == []
        assert found.cursor is before
        runs.wait(3600)
        runs.status(runs.begin(2), "running")
        assert found.see() == []
        assert found.cursor["since"] > before["since"]  # but a cursor does not stay behind for ever


class TestCrossings:
    QUERY = "runs?query=metrics.val_auc:<0.8, project:fraud"

    def test_a_run_that_begins_to_match_is_one_event(self, runs, watcher):
        low = runs.begin(1)
        runs.log(low, val_auc=0.5)
        found = watcher("alert_critical", self.QUERY)
        assert found.see() == []
        uuid = runs.begin(2)
        runs.log(uuid, val_auc=0.9)
        assert found.see() == []
        runs.log(uuid, val_auc=0.79)
        (seen,) = found.see()
        assert (seen.kind, seen.label) == ("alert_critical", "run-2")
        assert seen.data["outputs"] == {"val_auc": 0.79}
        assert seen.data["query"] == "metrics.val_auc:<0.8, project:fraud"
        runs.log(uuid, val_auc=0.7)
        assert found.see() == []

    def test_and_again_after_it_did_not_match(self, runs, watcher):
        found = watcher("alert_info", self.QUERY)
        found.see()
        uuid = runs.begin(1)
        seen = []
        for value in (0.7, 0.9, 0.6, 0.6, 0.95, 0.1):
            runs.log(uuid, val_auc=value)
            seen += [one.data["outputs"]["val_auc"] for one in found.see()]
        assert seen == [0.7, 0.6, 0.1]

    def test_runs_of_other_projects_do_not_matter(self, runs, watcher):
        found = watcher("model_version_new_metric", self.QUERY)
        found.see()
        runs.log(runs.begin(1, project="churn"), val_auc=0.1)
        assert found.see() == []

    def test_of_a_polyaxonfile(self, runs, watcher):
        found = watcher(
            "alert_warning", "dags.train?query=metrics.loss:>1 OR metrics.loss:nil, status:failed"
        )
        found.see()
        runs.log(runs.begin(1, dag_id="other"), loss=2)
        runs.log(runs.begin(2), loss=2)
        assert labels(found.see()) == ["run-2"]

    def test_what_matches_already_counts_if_the_file_says_so(self, runs, watcher):
        runs.log(runs.begin(1), val_auc=0.5)
        assert labels(watcher("alert_info", f"{self.QUERY}&existing=true").see()) == ["run-1"]

    def test_a_query_that_cannot_be_read(self, runs, watcher):
        runs.begin(1)
        with pytest.raises(WatchError, match=r"the query of .* cannot be read: unknown field 'metric.loss'"):
            watcher("alert_info", "runs?query=metric.loss:<1").see()


class TestFacts:
    def test_new_artifacts(self, runs, watcher):
        uuid = runs.begin(1)
        runs.store.lineage.log(uuid, [Artifact("old", "model", "old.pt")])
        found = watcher("run_new_artifacts", "dags.train")
        assert found.see() == []
        runs.store.lineage.log(
            uuid,
            [Artifact("best", "model", "best.pt", {"step": 3}), Artifact("data", "file", "d", is_input=True)],
        )
        runs.status(uuid, "running")
        (seen,) = found.see()
        assert (seen.label, seen.data["path"], seen.data["summary"]) == ("run-1-best", "best.pt", {"step": 3})
        runs.status(uuid, "succeeded")
        assert found.see() == []

    def test_artifacts_by_name(self, runs, watcher):
        found = watcher("run_new_artifacts", "dags.train?artifact=model*")
        found.see()
        uuid = runs.begin(1)
        runs.store.lineage.log(uuid, [Artifact("model-1", "model", "1"), Artifact("plot", "image", "2")])
        runs.status(uuid, "succeeded")
        assert [one.data["artifact"] for one in found.see()] == ["model-1"]

    @pytest.mark.parametrize(
        ("kind", "meta"),
        [
            ("run_approved_actor", {"approved_at": "2026-01-01T12:01:00+00:00", "approved_by": "ada"}),
            (
                "run_invalidated_actor",
                {"invalidated_at": "2026-01-01T12:01:00+00:00", "invalidated_by": "ada"},
            ),
        ],
    )
    def test_what_people_did(self, runs, watcher, kind, meta):
        uuid = runs.begin(1)
        found = watcher(kind, "dags.train")
        assert found.see() == []
        runs.wait(60)
        runs.store.runs.update(uuid, at=runs.now, meta=meta)
        (seen,) = found.see()
        assert (seen.kind, seen.data["actor"], seen.data["at"]) == (kind, "ada", "2026-01-01T12:01:00+00:00")
        runs.status(uuid, "running")
        assert found.see() == []


def test_a_store_in_which_nothing_moved_asks_once(runs, watcher):
    runs.begin(1)
    found = watcher("alert_info", "runs?query=status:failed")
    source = found.source
    assert not source.look([], NOON).is_same_for(found.watch)
    assert source.look([], NOON).is_same_for(found.watch)
    runs.status(f"{1:032x}", "running")
    assert not source.look([], NOON).is_same_for(found.watch)


def test_an_empty_store_is_watched_from_now_on(runs, watcher):
    found = watcher("run_status_running", "dags.train")
    assert found.see() == []
    runs.wait(120)
    runs.status(runs.begin(1), "running")
    assert labels(found.see()) == ["run-1-running"]


def test_a_store_without_runs_stands_still_too(store, runs):
    source = RunsSource(store)
    watch = Watcher(source, "alert_info", "runs?query=metrics.loss:<1").watch
    assert [source.look([], NOON).is_same_for(watch) for _ in range(2)] == [False, True]
    runs.begin(1)
    assert not source.look([], NOON).is_same_for(watch)
