"""How an operator waits for its run: in its worker, or in a trigger while it holds no worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.configuration import cluster_of
from polyaxon_airflow.execution.taking import agent_of
from polyaxon_airflow.execution.task import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import BaseOperator

    from polyaxon_airflow.execution.execution import Execution, Started


def wait(
    operator: BaseOperator, execution: Execution, started: Ended | Started, *, resumes: bool = False
) -> Ended:
    """The end of a run. A run on Kubernetes defers the task instead, and `resume` of the operator may get the end.

    `resumes`: it gets that of every success, since the task's result is another one than the run's outputs.
    """
    if isinstance(started, Ended):
        return started
    in_cluster = started.handle["runner"] == "kubernetes"
    # Airflow takes no deferral of a task that it ends meanwhile: only who follows the run here stops it then.
    if not in_cluster or not _deferrable() or execution.around.interrupted() is not None:
        return execution.finish(started, execution.follow(started))
    from airflow.sdk.exceptions import TaskDeferred

    from polyaxon_airflow.triggers.run import RunTrigger

    access = cluster_of(agent_of(execution.task))
    assert access is not None  # noqa: S101 - the run is on that cluster
    trigger = RunTrigger(
        started.handle,
        started.attempt.to_dict(),
        access.to_dict(),
        deferred_at=time.time(),
        resumes=resumes or bool(operator.outlets),
    )
    raise TaskDeferred(trigger=trigger, method_name="resume")


def ended_by(event: Mapping[str, Any] | None) -> Ended:
    """The end that a trigger has told of."""
    return Ended(**(event or {}))


def _deferrable() -> bool:
    from airflow.configuration import conf

    return bool(conf.getboolean("polyaxon", "deferrable", fallback=True))
