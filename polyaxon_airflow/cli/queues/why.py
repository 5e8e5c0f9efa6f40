"""Say in one sentence why a run, or one of its tasks, waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.cli.queues.live import instances_of, snapshot, used_in_last_hour
from polyaxon_airflow.queues.reading import read_queues
from polyaxon_airflow.queues.reasons import why_waiting
from polyaxon_airflow.rest import run_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.rest import AirflowClient

RUNS = ("RunOperator", "TrialOperator")  # what is rescheduled by `execution.limits`
FINAL = ("success", "failed", "skipped", "upstream_failed", "removed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)
    add_connection_arguments(parser)
    parser.add_argument("dag_id", metavar="DAG_ID")
    parser.add_argument("run_id", metavar="RUN_ID")
    parser.add_argument(
        "task", metavar="TASK", nargs="?", help="task id, or task id and map index: search.trial[3]"
    )


def run(arguments: argparse.Namespace) -> int:
    queues, client = read_queues(arguments.file), connected(arguments)
    print(why(client, queues, arguments.dag_id, arguments.run_id, arguments.task))
    return 0


def why(client: AirflowClient, queues: Queues, dag_id: str, run_id: str, task: str | None = None) -> str:
    """The sentence. Raises ApiError for a run that there is not."""
    dag_run = client.get(run_path(dag_id, run_id))
    if dag_run["state"] in FINAL:
        return f"the run has ended: {dag_run['state']}"
    if client.get(f"/dags/{quote(dag_id, safe='')}")["is_paused"]:
        return f"DAG {dag_id} is paused"
    if dag_run["state"] == "queued":
        return f"the run itself is queued: DAG {dag_id} has as many active runs as its max_active_runs allows"
    instances = instances_of(client, dag_id, run_id)
    chosen = _chosen([each for each in instances if task in (None, each["task_id"], _name(each))])
    if chosen is None and task:
        return f"there is no task {task} in this run"
    if chosen is None or (chosen["state"] in FINAL and not task):
        return "no task of this run waits"
    return f"{_name(chosen)}: {_why(client, queues, chosen)}"


def _chosen(instances: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The task that one most likely means: of those that wait in a pool the first, else one that has not ended."""
    return min(instances, key=lambda each: (_RANKS.get(each["state"], 5), each["map_index"]), default=None)


def _why(client: AirflowClient, queues: Queues, instance: dict[str, Any]) -> str:
    state = instance["state"]
    if state is None:
        return "it waits for the tasks before it"
    if state == "up_for_reschedule" and instance["operator"] in RUNS:
        return "a dag around it has as many runs as its concurrency allows; it tries again when one may have ended"
    if state in FINAL:
        return f"it has ended: {state}"
    if state != "scheduled":
        return _STATES.get(state, f"it is {state}")
    if instance["pool"] not in queues.pools():
        return f"it waits in pool {instance['pool']}, which is no queue of the queues file"
    now = snapshot(client, queues)
    task = next((task for task in now.tasks if task.id == instance["id"]), None)
    if task is None or task.state != "waiting":
        return "it has just started"
    return why_waiting(task, now, queues, used_in_last_hour(client, queues, now))


def _name(instance: dict[str, Any]) -> str:
    index = instance["map_index"]
    return f"{instance['task_id']}[{index}]" if index >= 0 else str(instance["task_id"])


_RANKS = {
    "scheduled": 0,
    "queued": 1,
    "up_for_retry": 1,
    "up_for_reschedule": 1,
    "awaiting_input": 1,
    "deferred": 2,
    "running": 3,
    None: 4,
}
_STATES = {
    "queued": "it holds its slots already, and waits for a worker of the executor",
    "running": "it runs",
    "deferred": "it runs, or waits for something outside of Airflow; the triggerer watches it",
    "up_for_retry": "it has failed, and waits for its next attempt",
    "up_for_reschedule": "it looks again later",
    "awaiting_input": "it waits for a person's answer",
}
