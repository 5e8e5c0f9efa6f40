from __future__ import annotations

import re

import pytest

from polyaxon_airflow.events.families import NEVER, family_of
from polyaxon_airflow.events.watches import Occurrence, Watch, coalesces, run_id_of, seconds, watch_of
from polyaxon_airflow.watching.files import ROOTS

UUID = "0de53b5bf8b04a219d12a39c6b92bcce"


@pytest.mark.parametrize(
    ("kinds", "ref", "name"),
    [
        pytest.param(["connection_git_commit"], "connections.code?path=src/**&branch=main", "git connections.code?branch=main&path=src/**", id="git"),
        pytest.param(["connection_dataset_version"], "connections.lake?path={day}/_SUCCESS", "data connections.lake?path={day}/_SUCCESS", id="data"),
        pytest.param(["connection_registry_image"], "connections.hub?image=team/app", "registry connections.hub?image=team/app", id="registry"),
        pytest.param(["run_status_failed", "run_status_done"], "dags.train", "status done+failed dags.train", id="statuses, sorted"),
        pytest.param(["run_new_artifacts"], f"runs.{UUID}", f"run run_new_artifacts runs.{UUID}", id="facts of a run"),
        pytest.param(["alert_critical"], "runs?query=metrics.auc:<0.8", "metric alert_critical runs?query=metrics.auc:<0.8", id="an alert"),
        pytest.param(["project_custom_event"], "events.new-labels", "events.new-labels", id="a custom event"),
        pytest.param(["connection_git_commit"], "connections.code?coalesce=true", "git connections.code", id="coalescing is not the watch's"),
    ],
)  # fmt: skip
def test_names(kinds, ref, name):
    watch = watch_of(kinds, ref)
    assert watch.name == name
    assert Watch.from_dict(watch.to_dict()) == watch
    assert Watch.from_name(name).name == name
    assert Watch.from_name(name).ref == watch.ref
    assert watch.uri.isascii()
    assert " " not in watch.uri


@pytest.mark.parametrize(
    ("kinds", "ref", "message"),
    [
        pytest.param(["run_status_on_schedule"], "dags.a", "cannot be watched: Airflow makes a scheduled run when it is due", id="a status that never comes"),
        pytest.param(["run_status_unschedulable"], "dags.a", "cannot be watched: no runner reports the status 'unschedulable'", id="a status of nobody"),
        pytest.param(["connection_git_commit"], "runs.a", "'connection_git_commit' cannot refer to 'runs.a'; write connections.code?branch=main", id="a kind about something else"),
        pytest.param(["run_status_done"], "ops.a", "'ops.a' is an operation of a dag, and this event starts one; write dags.NAME or runs.UUID", id="an operation of the dag itself"),
        pytest.param(["connection_git_commit"], "connections.a?brnch=main", "does not know: 'brnch'. Did you mean 'branch'?", id="a misspelt option"),
        pytest.param(["connection_registry_image"], "connections.a?path=x", "'path'. Known: every, coalesce, image, tag, existing", id="an option of another kind"),
        pytest.param(["connection_registry_image"], "connections.a", "needs an image; write", id="no image"),
        pytest.param(["alert_info"], "dags.train", "needs a query that runs begin to match", id="an alert about nothing"),
        pytest.param(["run_status_done", "connection_git_commit"], "runs.a", "'connection_git_commit' and 'run_status_done' are about different things; give each an event of its own", id="kinds of two sorts"),
        pytest.param([], "runs.a", "at least one kind", id="no kind"),
        pytest.param(["connection_git_commit"], "connections.a?every=soon", "'soon' is no length of time", id="no interval"),
        pytest.param(["connection_git_commit"], "connections.a?existing=maybe", "'maybe' is neither true nor false", id="no boolean"),
    ],
)  # fmt: skip
def test_what_nobody_can_watch(kinds, ref, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        watch_of(kinds, ref)


STATUSES = "created resuming compiled queued scheduled starting running processing stopping failed stopped succeeded skipped upstream_failed retrying done"
REFS = {
    **{f"run_status_{status}": "dags.train" for status in STATUSES.split()},
    **dict.fromkeys(("run_approved_actor", "run_invalidated_actor", "run_new_artifacts"), "dags.train"),
    "connection_git_commit": "connections.code",
    "connection_dataset_version": "connections.lake",
    "connection_registry_image": "connections.hub?image=team/app",
    **dict.fromkeys(("alert_info", "alert_warning", "alert_critical"), "runs?query=metrics.auc:<0.8"),
    "model_version_new_metric": "dags.train?query=metrics.auc:>0.9",
    **dict.fromkeys(("project_custom_event", "org_custom_event"), "events.new-labels"),
}


def test_every_kind_of_polyaxon_is_watched_or_refused():
    """Spec section 2.22 counts 32 of them."""
    assert len(REFS.keys() | NEVER.keys()) == 32
    for kind, ref in REFS.items():
        assert watch_of([kind], ref).kinds == (kind,)
    for kind in NEVER:
        with pytest.raises(ValueError, match=f"event kind '{kind}' cannot be watched: "):
            watch_of([kind], "dags.train")


def test_options_of_all_families():
    watch = watch_of(["connection_git_commit"], "connections.code?every=5m&existing=true&coalesce=true")
    assert (watch.every, watch.wants_existing, watch.ref.option("branch", "HEAD")) == (300, True, "HEAD")
    assert coalesces("connections.code?every=5m&coalesce=true")
    assert not coalesces("connections.code")


@pytest.mark.parametrize(
    ("text", "length"), [("30", 30), ("30s", 30), ("1.5m", 90), ("2 h", 7200), ("1d", 86400)]
)
def test_lengths_of_time(text, length):
    assert seconds(text) == length


@pytest.mark.parametrize(
    ("label", "beginning"),
    [
        pytest.param("3f2a91c", "event__3f2a91c_", id="a commit"),
        pytest.param("days/2026-01-01/part 1.csv", "event__days-2026-01-01-part-1.csv_", id="a path"),
        pytest.param("Übung", "event__bung_", id="letters that a run id may not have"),
        pytest.param("x" * 300, "event__" + "x" * 60 + "_", id="a long name"),
        pytest.param("...", "event__", id="dots alone"),
        pytest.param("../v1..v2.csv", "event__v1-v2.csv_", id="two dots, which Airflow refuses"),
        pytest.param("part.0.csv", "event__part.0.csv_", id="single dots"),
        pytest.param("  ", "event__", id="nothing that can be shown"),
    ],
)
def test_run_ids(label, beginning):
    run_id = run_id_of("git connections.code", Occurrence("key", "connection_git_commit", label))
    assert run_id.startswith(beginning)
    assert re.fullmatch(r"[A-Za-z0-9_.~:+-]+", run_id)  # Airflow's [scheduler] allowed_run_id_pattern
    assert ".." not in run_id  # airflow.models.dagrun


def test_the_same_event_of_the_same_watch_is_the_same_run():
    commit = Occurrence("3f2a", "connection_git_commit", "3f2a")
    assert run_id_of("git a", commit) == run_id_of("git a", commit)
    assert run_id_of("git a", commit) != run_id_of("git b", commit)
    assert run_id_of("git a", commit) != run_id_of(
        "git a", Occurrence("9e1b", "connection_git_commit", "3f2a")
    )


def test_the_kinds_of_connections_with_files_are_those_that_can_be_watched():
    assert family_of("connection_dataset_version").connections == tuple(ROOTS)
