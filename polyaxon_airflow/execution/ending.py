"""How a dag or a sweep ended, and what it gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from polyaxon_airflow.execution.dag_trials import end_dag_trial
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.lost import end_lost_trials
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.resolution import compiled_of
from polyaxon_airflow.execution.statuses import polyaxon_status
from polyaxon_airflow.execution.stopping import DagStopping, dags_that_stop
from polyaxon_airflow.execution.sweeps import sweep_of
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.plan.triggers import outcome
from polyaxon_airflow.tuning.result import result_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Status, Surroundings, Task
    from polyaxon_airflow.store import Run


def end_dag(task: Task, around: Surroundings) -> Ended:
    """The end of the dag that a task is the outcome of, kept in the store."""
    compiled = compiled_of(task)
    run = begin_pipeline(task, around, compiled, task.node.group, ends_with=task.node.id)
    has_begun = bool(around.store.runs.children(run.uuid))
    if (ended := _held_back(run, has_begun=has_begun)) is not None:
        return ended
    statuses = _statuses(task, around)
    status, reason = outcome(statuses) if has_begun else _never_begun(statuses)
    if (decision := around.store.sweeps.decision(run.uuid)) is not None:
        status, reason = cast("Status", decision.status), decision.reason
    outputs = _outputs(compiled, Family(task, around).siblings(), task)
    around.store.runs.update(run.uuid, at=around.clock(), outputs=outputs)
    _end(run, status, reason, task, around)
    if Family(task, around).index >= 0:
        end_dag_trial(task, around, replace(run, outputs=outputs))
    return Ended(status, run.uuid, reason, outputs, retriable=False)


def end_sweep(task: Task, around: Surroundings) -> Ended:
    """The end of the sweep that a task is the last of, with its leaderboard; kept in the store."""
    run = begin_pipeline(task, around, compiled_of(task), task.node.group, ends_with=task.node.id)
    has_begun = bool(around.store.runs.trial_statuses(run.uuid))
    if (ended := _held_back(run, has_begun=has_begun)) is not None:
        return ended
    sweep = sweep_of(task, around)
    if not sweep.has_begun():
        status, reason = _without_trials(task, around)
        around.store.runs.set_status(run.uuid, status, reason, at=around.clock())
        return Ended(status, run.uuid, reason)
    end_lost_trials(sweep.uuid, around)
    result = result_of(sweep)
    around.log(f"the leaderboard\n{result.table}")
    for uuid in {run.uuid, sweep.uuid}:  # two where this dag run resumes a sweep
        around.store.runs.update(uuid, at=around.clock(), outputs=result.outputs)
    _end(run, result.status, result.reason, task, around)
    return Ended(result.status, run.uuid, result.reason, result.outputs, retriable=False)


def _held_back(run: Run, *, has_begun: bool) -> Ended | None:
    """How its gate, or a person, has ended a dag or a sweep before it began, if they did."""
    if run.status in ("skipped", "upstream_failed"):
        return Ended(run.status, run.uuid, run.reason or "")
    if run.status == "stopped":  # rejected
        return Ended("skipped", run.uuid, run.reason or "")
    if run.status == "failed" and not has_begun:
        return Ended("failed", run.uuid, run.reason or "", retriable=False)
    return None


def _without_trials(task: Task, around: Surroundings) -> tuple[Status, str]:
    """A sweep without trials has failed if what makes them has."""
    makers = around.statuses(task.node.details["makers"])
    failed = [task_id for task_id, state in makers.items() if state == "failed"]
    if failed:
        return "failed", f"no trial has begun: {failed[0]} failed"
    return _never_begun(around.statuses(task.node.details["trials"]))


def _end(run: Run, status: Status, reason: str, task: Task, around: Surroundings) -> None:
    """The end of a pipeline, which may end a dag around it."""
    around.store.runs.set_status(run.uuid, status, reason or None, at=around.clock())
    DagStopping(dags_that_stop(task, around), run.uuid, around.store, around.clock).after_end()


def _never_begun(statuses: Mapping[str, str]) -> tuple[Status, str]:
    told = ", ".join(f"{name} {status}" for name, status in statuses.items())
    return "upstream_failed", f"nothing of it has begun ({told})"


def _statuses(task: Task, around: Surroundings) -> dict[str, str]:
    """Name of each operation -> its status."""
    ends: Mapping[str, list[str]] = task.node.details["operations"]
    ids = [task_id for tasks in ends.values() for task_id in tasks]
    states, runs = around.statuses(ids), Family(task, around).siblings()
    return {
        name: polyaxon_status(states.get(tasks[-1]), runs.get(tasks[-1]))
        for name, tasks in ends.items()
        if tasks
    }


def _outputs(compiled: CompiledOperation, runs: Mapping[str, Run], task: Task) -> dict[str, Any]:
    """A dag's declared outputs, each from the last operation of the file that has an output of that name.

    Nothing in Polyaxon's open code fills them; this is ours (docs/differences.md).
    """
    ends: Mapping[str, list[str]] = task.node.details["operations"]
    wanted = [io.name for io in compiled.outputs or ()]
    known = [runs[tasks[-1]].outputs for tasks in ends.values() if tasks and tasks[-1] in runs]
    return {name: outputs[name] for outputs in known for name in wanted if name in outputs}
