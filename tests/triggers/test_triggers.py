"""Triggers and the sensor as Airflow keeps them: serialised, and one for all that wait for the same."""

from __future__ import annotations

import asyncio
import gc
import weakref
from datetime import datetime, timezone
from uuid import uuid4

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import BaseEventTrigger

from polyaxon_airflow.dag.build import build_dag
from polyaxon_airflow.plan.file import plan_file
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


@pytest.mark.parametrize(
    ("kinds", "ref"),
    [
        pytest.param(["connection_git_commit"], "connections.code?brnch=main", id="an option that is gone"),
        pytest.param(["connection_svn_commit"], "connections.code", id="a kind that is gone"),
        pytest.param(["connection_git_commit"], "connections.code?every=soon", id="no length of time"),
        pytest.param(["connection_git_commit"], "repositories.code", id="about nothing known"),
    ],
)
def test_a_watch_that_another_version_wrote_does_not_end_the_triggerer(kinds, ref):
    from airflow.executors.workloads import RunTrigger
    from airflow.jobs.triggerer_job_runner import TriggerRunner
    from airflow.models.trigger import Trigger

    path = f"{WatchTrigger.__module__}.{WatchTrigger.__qualname__}"
    kept = Trigger.encrypt_kwargs({"kinds": kinds, "ref": ref})
    runner = TriggerRunner()
    runner.to_create.append(RunTrigger(id=1, classpath=path, encrypted_kwargs=kept))
    asyncio.run(runner.create_triggers())
    (failed,) = runner.failed_triggers
    assert "nothing can be watched" in str(failed[1])


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


WAITING = """
kind: component
name: waiting
inputs: [{name: lr, type: float}]
run:
  kind: dag
  operations:
  - {name: train, component: {run: {kind: job, container: {image: busybox}}}}
  - name: board
    events: [{kinds: [run_status_running], ref: ops.train}]
    component: {run: {kind: job, container: {image: busybox}}}
"""


@pytest.fixture
def sensor(tmp_path):
    """That of a polyaxonfile whose input `lr` has no default."""
    (tmp_path / "waiting.yaml").write_text(WAITING)
    dag = build_dag(plan_file(tmp_path / "waiting.yaml", tmp_path))
    (task,) = (task for task in dag.tasks if isinstance(task, EventSensor))
    return task


def begun(sensor, conf):
    """The task instance and the context that Airflow's triggerer makes before it runs a sensor's trigger."""
    from airflow.api_fastapi.execution_api.datamodels.taskinstance import DagRun
    from airflow.executors.workloads.task import TaskInstanceDTO
    from airflow.jobs.triggerer_job_runner import TriggerRunner

    now = datetime.now(timezone.utc)
    task = TaskInstanceDTO(
        id=uuid4(),
        dag_version_id=uuid4(),
        dag_id="waiting",
        task_id=sensor.task_id,
        run_id="run",
        try_number=1,
        map_index=-1,
        pool_slots=1,
        priority_weight=1,
        queue="default",
    )
    names = ("logical_date", "data_interval_start", "data_interval_end", "run_after", "start_date")
    told = {"dag_id": "waiting", "run_id": "run", "run_type": "manual", "state": "running", "conf": conf}
    run = DagRun(
        **told, **dict.fromkeys(names, now), end_date=None, consumed_asset_events=[], partition_key=None
    )
    instance = TriggerRunner.create_runtime_ti(task, DagSerialization.to_dict(sensor.dag), run.model_dump())
    return instance, instance.get_template_context()


@pytest.mark.parametrize(
    ("conf", "lr"), [pytest.param({"lr": 0.5}, 0.5, id="given"), pytest.param({}, None, id="not given")]
)
def test_a_run_that_lacks_a_param_which_its_file_has_come_to_want_does_not_end_the_triggerer(
    sensor, conf, lr
):
    assert begun(sensor, conf)[1]["params"] == {"lr": lr}


def test_a_wait_keeps_no_copy_of_its_dag(sensor):
    instance, context = begun(sensor, {})
    trigger = WaitTrigger(sensor.wanted)
    trigger.task_instance = instance
    trigger.render_template_fields(context)
    of_run, dag = weakref.ref(instance), weakref.ref(instance.task.dag)
    del instance
    gc.collect()
    assert (of_run(), dag()) == (None, None), "the triggerer keeps `context` and `trigger` while it waits"
    assert context == {}
    kept = trigger.task_instance
    assert (kept.dag_id, kept.run_id, kept.task_id) == ("waiting", "run", sensor.task_id)
