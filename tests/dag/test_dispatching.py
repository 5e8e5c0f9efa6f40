from __future__ import annotations

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from polyaxon_airflow.dag.dispatching import dispatcher_of, event_timetable

COMMITS = {"kinds": ["connection_git_commit"], "ref": "connections.code?branch=main&coalesce=true"}
LABELS = {"kinds": ["project_custom_event"], "ref": "events.new-labels"}


def test_a_dispatcher_waits_for_any_of_the_events():
    dag = dispatcher_of("train", [COMMITS, LABELS])
    assert dag.dag_id == "train.events"
    assert (dag.max_active_runs, dag.is_paused_upon_creation) == (1, False)
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assets = {key.name: asset for key, asset in found.timetable.asset_condition.iter_assets()}
    assert {name: asset.uri for name, asset in assets.items()} == {
        "git connections.code?branch=main": "polyaxon://events/git%20connections.code%3Fbranch%3Dmain",
        "events.new-labels": "polyaxon://events/events.new-labels",
    }
    assert [len(asset.watchers) for asset in assets.values()] == [1, 0]


def test_its_task_knows_whose_runs_to_start():
    (task,) = dispatcher_of("train", [COMMITS, LABELS]).tasks
    assert task.target == "train"
    assert task.watches == [
        {"kinds": ["connection_git_commit"], "ref": "connections.code?branch=main", "coalesce": True},
        {"kinds": ["project_custom_event"], "ref": "events.new-labels", "coalesce": False},
    ]


def test_events_of_one_source_are_one_asset_for_all_dags():
    uris = {
        key.uri
        for name in ("a", "b")
        for key, _ in DagSerialization.from_dict(
            DagSerialization.to_dict(dispatcher_of(name, [COMMITS]))
        ).timetable.asset_condition.iter_assets()
    }
    assert len(uris) == 1


def test_the_dag_itself_says_what_starts_it():
    expected = "on connection_git_commit of connections.code?branch=main&coalesce=true, project_custom_event of events.new-labels"
    assert event_timetable([COMMITS, LABELS]).summary == expected


def test_an_event_that_nothing_can_notice_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match=r"'connection_git_commit' cannot refer to 'runs\.0123'"):
        dispatcher_of("train", [{"kinds": ["connection_git_commit"], "ref": "runs.0123"}])
