"""Triggers and the sensor as Airflow keeps them: serialised, and one for all that wait for the same."""

from __future__ import annotations

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import BaseEventTrigger

from polyaxon_airflow.sensors import EventSensor
from polyaxon_airflow.triggers.wait import WaitTrigger
from polyaxon_airflow.triggers.watch import WatchTrigger

WANTED = [{"operation": "train", "kinds": ["run_status_running"], "tasks": ["train"], "last": ["train"]}]


def again(trigger):
    """What the triggerer makes of it."""
    from importlib import import_module

    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)(**arguments)


@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(WatchTrigger(["connection_git_commit"], "connections.code?branch=main"), id="a watch"),
        pytest.param(WaitTrigger(WANTED), id="a wait"),
    ],
)
def test_triggers_survive_serialisation(trigger):
    assert again(trigger).serialize() == trigger.serialize()


def test_equal_watches_are_one_trigger_of_airflows():
    first = WatchTrigger(["connection_git_commit"], "connections.code?path=src/**&branch=main")
    second = WatchTrigger(["connection_git_commit"], "connections.code?branch=main&path=src/**")
    assert BaseEventTrigger.hash(*first.serialize()) == BaseEventTrigger.hash(*second.serialize())


@pytest.mark.parametrize(
    ("ref", "other", "same"),
    [
        pytest.param("connections.code?branch=main", "connections.code?tag=v*", True, id="one repository"),
        pytest.param("connections.code", "connections.other", False, id="two repositories"),
        pytest.param("connections.code", "connections.code?every=5m", False, id="two paces"),
    ],
)
def test_watches_of_one_place_share_a_stream(ref, other, same):
    keys = {WatchTrigger(["connection_git_commit"], text).shared_stream_key() for text in (ref, other)}
    assert (len(keys) == 1) == same


def test_all_waits_share_a_stream():
    assert WaitTrigger(WANTED).shared_stream_key() == WaitTrigger([]).shared_stream_key()


def test_a_sensor_starts_in_the_triggerer():
    with DAG("d", schedule=None) as dag:
        EventSensor(task_id="wait", wanted=WANTED)
    task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("wait")
    assert task.start_from_trigger
    assert task.start_trigger_args.trigger_cls == "polyaxon_airflow.triggers.wait.WaitTrigger"
    assert task.start_trigger_args.next_method == "execute_complete"
