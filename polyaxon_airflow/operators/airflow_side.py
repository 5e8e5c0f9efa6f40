"""What operators take from Airflow's context, and how they tell Airflow what came out."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)

from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.clock import now
from polyaxon_airflow.configuration import (
    artifacts_store,
    cluster_of,
    kubernetes_runner,
    masked,
    mirrors_folder,
    process_runner,
    runner_settings,
    secrets,
    site,
)
from polyaxon_airflow.connections.store import DEFAULT, on_this_machine
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.artifacts import ArtifactsStore
from polyaxon_airflow.execution.identity import TaskIdentity
from polyaxon_airflow.execution.limits import FullError
from polyaxon_airflow.execution.statuses import WORKER_DIED
from polyaxon_airflow.execution.taking import agent_of, queue_of
from polyaxon_airflow.execution.task import Ended, Surroundings, Task
from polyaxon_airflow.operators.notifying import notify
from polyaxon_airflow.timetables import schedule_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from airflow.sdk import BaseOperator
    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.artifacts.storage import Storage
    from polyaxon_airflow.connections.store import Store
    from polyaxon_airflow.dag.build import PolyaxonDAG
    from polyaxon_airflow.plan import Plan
    from polyaxon_airflow.runners.kubernetes.access import ClusterAccess
    from polyaxon_airflow.sections.connections import Connection
    from polyaxon_airflow.store import RunStore


def plan_of(operator: BaseOperator) -> Plan:
    """The plan of the DAG that an operator is in."""
    return cast("PolyaxonDAG", operator.dag).polyaxon_plan


def task_of(operator: BaseOperator, context: Context, *, trial_index: int | None = None) -> Task:
    """This attempt of this task instance."""
    ti, dag_run = context["ti"], context["dag_run"]
    plan = plan_of(operator)
    retries = operator.retries or 0
    identity = TaskIdentity(
        dag_id=ti.dag_id,
        dag_run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=-1 if ti.map_index is None else ti.map_index,
        generation=max(0, ti.max_tries - retries),
    )
    return Task(
        identity=identity,
        plan=plan,
        node=plan.node(ti.task_id),
        try_number=ti.try_number,
        trial_index=trial_index,
        conf=dict(dag_run.conf or {}),
        schedule_at=schedule_at(dag_run),
        user=getattr(dag_run, "triggering_user_name", None),
    )


def surroundings_of(
    operator: BaseOperator, context: Context, store: RunStore, interrupted: Callable[[], str | None]
) -> Surroundings:
    """The services that a run of this task uses."""
    plan, log, parent = plan_of(operator), operator.log, os.getppid()

    def why_end() -> str | None:
        # The supervisor watches over this process for Airflow; without it nobody would report how the task ended.
        return interrupted() if os.getppid() == parent else WORKER_DIED

    task = task_of(operator, context)
    access = cluster_of(agent_of(task))
    kept = artifacts_store()
    return Surroundings(
        store=store,
        clock=now,
        sleep=time.sleep,
        log=lambda text: log.info(masked(text)),
        log_line=lambda line: log.info(masked(line.text)),
        statuses=lambda ids: _states(plan, context, ids),
        interrupted=why_end,
        owner=plan.owner,
        project=plan.project,
        notify=lambda name, facts: notify(kept.catalogue, name, facts, context),
        **(_on_cluster(access, kept, queue_of(task)) if access is not None else _on_this_machine(plan, kept)),
    )


def _on_cluster(access: ClusterAccess, kept: Store, queue: str | None) -> dict[str, Any]:
    """Pods bring their artifacts to the store themselves; none can reach a folder of this machine."""
    runner = kubernetes_runner(access, access.resolved_namespace())
    mirror = {"site": site(queue), "runs_folder": str(mirrors_folder() / "runs"), "carried": True}
    if kept.is_local and kept.entry.name == DEFAULT:
        return {"runner": runner, **mirror, "connections": kept.catalogue.connections}
    return {"runner": runner, **mirror, **_places(kept.entry.connection(), kept, is_local=True)}


def _on_this_machine(plan: Plan, kept: Store) -> dict[str, Any]:
    runner = process_runner(str(Path(plan.file).parent) if plan.file else None)
    places = _places(on_this_machine(kept), kept, is_local=kept.is_local)
    return {"runner": runner, "runs_folder": runner_settings().artifacts_root, **places}


def _places(connection: Connection, kept: Store, *, is_local: bool) -> dict[str, Any]:
    """The connections of a run, and the artifacts store, whose own is `connection` where the run executes."""
    return {
        "connections": {**kept.catalogue.connections, connection.name: connection},
        "artifacts": ArtifactsStore(connection, lambda: _storage(kept), is_local),
    }


def _storage(kept: Store) -> Storage:
    """The artifacts store, with the credentials of its Airflow connection, or else those of the worker's environment."""
    items = secrets().of(kept.entry)
    return open_storage(kept.root, {**os.environ, **items})


@contextmanager
def once_there_is_room(operator: BaseOperator) -> Iterator[None]:
    """Where a dag inside of the dag is full, Airflow tries the task again later; meanwhile it holds nothing."""
    try:
        yield
    except FullError as full:
        operator.log.info("%s; trying again in %.0f s", full, full.seconds)
        later = now() + timedelta(seconds=full.seconds)
        raise AirflowRescheduleException(later) from full  # type: ignore[no-untyped-call]


def report(ended: Ended, operator: BaseOperator) -> dict[str, Any]:
    """Tell Airflow how a run ended: the task's return value, or the exception that means it."""
    if ended.reason:
        operator.log.info("%s: %s", ended.status, ended.reason)
    if ended.status in ("skipped", "upstream_failed"):
        raise AirflowSkipException(ended.reason)
    if ended.status == "failed" and ended.retriable:
        raise AirflowException(ended.reason)
    if ended.status == "failed":
        raise AirflowFailException(ended.reason)
    return dict(ended.outputs)


def mappable(indexes: list[int], operator: BaseOperator) -> list[int]:
    """The indexes of trials, if Airflow takes a task's result of that length to map tasks over; else the task fails."""
    from airflow.configuration import conf

    most = conf.getint("core", "max_map_length")
    if len(indexes) > most:
        reason = (
            f"the matrix has {len(indexes)} trials, and Airflow maps tasks over at most {most} values that another task "
            f"has made. Set [core] max_map_length to {len(indexes)} or more, for the API server and the workers, or "
            "write the matrix without templates: then there is no such limit"
        )
        report(Ended("failed", "", reason, retriable=False), operator)
    return indexes


@contextmanager
def refused() -> Iterator[None]:
    """What is wrong with the polyaxonfile fails the task for good, with a sentence and without a retry."""
    try:
        yield
    except CompilationError as error:
        raise AirflowFailException(str(error)) from error


def _states(plan: Plan, context: Context, task_ids: Iterable[str]) -> Mapping[str, str]:
    """Task id -> Airflow's state, of tasks of this DAG run; in a mapped group, of this instance of it.

    Of a mapped task each instance too, as Airflow names it: `trial_3`.
    """
    ti, ids = context["ti"], list(task_ids)
    found = ti.get_task_states(dag_id=ti.dag_id, task_ids=ids, run_ids=[ti.run_id])
    states: Mapping[str, str] = found.get(ti.run_id, {})
    if plan.mapped_group(plan.node(ti.task_id).group) is None:
        return states
    own = {task_id: states.get(f"{task_id}_{ti.map_index}", states.get(task_id)) for task_id in ids}
    return {**states, **{task_id: state for task_id, state in own.items() if state is not None}}
