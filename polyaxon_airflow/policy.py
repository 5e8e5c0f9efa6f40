"""Airflow imports this in every process (entry point `airflow.policy`), so polyaxonfiles need no loader file.

It adds the bundle of polyaxonfiles to the configured DAG bundles, unless an admin has configured one or has
switched it off with `[polyaxon] auto_bundle = False`, sends runs to the queue that was chosen for them, and lets a
triggerer share its memory. Everybody pays for what it imports at the top; Airflow's policies and settings are loaded
anyway.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

from airflow import settings
from airflow.policies import hookimpl

BUNDLE = "polyaxon_airflow.dag.bundle.PolyaxonDagBundle"
OURS = "x-polyaxon"  # in the schemas of params that decide where tasks run (`plan.choices`)
SETTING = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


def add_bundle() -> None:
    """Append our bundle to `[dag_processor] dag_bundle_config_list`, in this process and those it starts."""
    from airflow.configuration import conf

    if not conf.getboolean("polyaxon", "auto_bundle", fallback=True):
        return
    configured = conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[])
    bundles = configured if isinstance(configured, list) else []
    if any(bundle.get("classpath") == BUNDLE for bundle in bundles):
        return
    interval = conf.getint("polyaxon", "refresh_interval", fallback=10)
    ours = {"name": "polyaxon", "classpath": BUNDLE, "kwargs": {"refresh_interval": interval}}
    os.environ[SETTING] = json.dumps([*bundles, ours])


@hookimpl
def task_instance_mutation_hook(task_instance: Any, dag_run: Any) -> None:
    """Put the tasks of a run where whoever triggered it wants them: by a queue, by presets or by inputs.

    Airflow has checked the choice against what the form offers. Called when tasks are created, expanded and cleared,
    for everybody's DAGs.
    """
    conf = getattr(dag_run, "conf", None) or {}
    if not conf or "." not in (task_instance.pool or ""):
        return
    dag = task_instance.task.get_dag()
    if dag is None:
        return
    schemas = {name: dag.params.get_param(name).schema for name in dag.params}
    if not any(key.startswith(OURS) for schema in schemas.values() for key in schema):
        return
    from polyaxon_airflow.plan.choices import ChosenPlace, chosen_place

    planned = ChosenPlace(task_instance.task.pool, task_instance.task.pool_slots)
    task_instance.pool, task_instance.pool_slots = chosen_place(task_instance.task_id, planned, conf, schemas)


def be_asked_about_tasks() -> None:
    """Airflow 3.3 asks policies about new tasks only if `airflow_local_settings` has one; it costs it no time."""
    settings.task_instance_mutation_hook.is_noop = False  # type: ignore[attr-defined]


def share_memory() -> None:
    """Let the log server and the runner of triggers, which a triggerer forks, go on sharing what it has loaded.

    Garbage collections write a mark beside each object, after which each process has pages of its own: 45 MB of a
    triggerer. Here, since the log server is forked before Airflow calls any listener.
    """
    if "triggerer" in sys.argv[1:2]:
        os.register_at_fork(before=_leave_out_of_collections)


def _leave_out_of_collections() -> None:
    """All that is there now."""
    gc.collect()
    gc.freeze()


add_bundle()
be_asked_about_tasks()
share_memory()
