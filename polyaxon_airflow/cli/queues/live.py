"""The queues of a running Airflow, as its REST API shows them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.queues.snapshot import PROJECT_TAG, Pool, Snapshot, Task
from polyaxon_airflow.rest import run_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.shares import Path
    from polyaxon_airflow.rest import AirflowClient

PAGE = 100  # [api] maximum_page_limit
MOST = 2000  # task instances that one look reads
HOLDING = ("queued", "running", "deferred")


def pools_of(client: AirflowClient) -> tuple[dict[str, Pool], set[str]]:
    """All pools, and the names of those in which tasks run or wait."""
    found = list(_pages(client, "/pools", "pools"))
    pools = {p["name"]: Pool(p["slots"], p["description"] or "", p["include_deferred"]) for p in found}
    counted = ("occupied_slots", "scheduled_slots", "deferred_slots")
    return pools, {pool["name"] for pool in found if any(pool[count] for count in counted)}


def snapshot(client: AirflowClient, queues: Queues) -> Snapshot:
    """The pools of a queues file and the tasks in them; of more than MOST tasks the first ones."""
    found = list(_pages(client, "/pools", "pools"))
    ours = {pool["name"]: pool for pool in found if pool["name"] in queues.pools()}
    pools = {
        name: Pool(p["slots"], p["description"] or "", p["include_deferred"]) for name, p in ours.items()
    }
    instances = _instances(client, pool=list(ours), state=["scheduled", *HOLDING]) if ours else []
    tasks = _tasks(client, instances, queues)
    waiting = {name: pool["scheduled_slots"] for name, pool in ours.items()}
    return Snapshot(datetime.now(timezone.utc).timestamp(), pools, tuple(tasks), waiting)


def used_in_last_hour(client: AirflowClient, queues: Queues, now: Snapshot) -> dict[Path, float]:
    """Slot-seconds that each flow has had in the last hour."""
    since = datetime.fromtimestamp(now.now, timezone.utc) - timedelta(hours=1)
    ended = _instances(client, pool=list(now.pools), end_date_gte=since.isoformat()) if now.pools else []
    used: defaultdict[Path, float] = defaultdict(float)
    for task, start, end in _spans(client, ended, queues, now):
        flow = task.flow(queues.fairness(queues.pools()[task.pool]))
        used[flow] += task.slots * max(0.0, end - max(start, since.timestamp()))
    return dict(used)


def _spans(
    client: AirflowClient, ended: list[dict[str, Any]], queues: Queues, now: Snapshot
) -> Iterator[tuple[Task, float, float]]:
    for task, instance in zip(_tasks(client, ended, queues), ended, strict=True):
        yield task, _epoch(instance["queued_when"]), _epoch(instance["end_date"])
    for task in now.tasks:
        if task.state == "running":
            yield task, task.since, now.now


def instances_of(client: AirflowClient, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    """The task instances of a run; of more than MOST the first ones."""
    return list(_pages(client, f"{run_path(dag_id, run_id)}/taskInstances", "task_instances"))


def _instances(client: AirflowClient, **query: Any) -> list[dict[str, Any]]:
    return list(_pages(client, "/dags/~/dagRuns/~/taskInstances", "task_instances", **query))


def _pages(client: AirflowClient, path: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
    for offset in range(0, MOST, PAGE):
        page = client.get(path, limit=PAGE, offset=offset, **query)
        yield from page[key]
        if offset + PAGE >= page["total_entries"]:
            return


def _tasks(client: AirflowClient, instances: Iterable[dict[str, Any]], queues: Queues) -> list[Task]:
    whose = _Whose(client, queues)
    return [_task(instance, *whose.of(instance)) for instance in instances]


class _Whose:
    """Owners and projects, asked for only where a queue shares among them."""

    def __init__(self, client: AirflowClient, queues: Queues) -> None:
        self._client = client
        self._asked = {queues.fairness(place).by for place in queues.places} & {"owner", "project"}
        self._known: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, instance: dict[str, Any]) -> tuple[str, str]:
        key = (instance["dag_id"], instance["dag_run_id"])
        if key not in self._known:
            self._known[key] = self._ask(*key) if self._asked else ("", "")
        return self._known[key]

    def _ask(self, dag_id: str, run_id: str) -> tuple[str, str]:
        run = self._client.get(run_path(dag_id, run_id))
        dag = self._client.get(run_path(dag_id, run_id).partition("/dagRuns/")[0])
        tags = sorted(tag["name"] for tag in dag["tags"] if tag["name"].startswith(PROJECT_TAG))
        owner = run.get("triggering_user_name") or (dag["owners"] or [""])[0]
        return owner, tags[0].removeprefix(PROJECT_TAG) if tags else ""


def _task(instance: dict[str, Any], owner: str, project: str) -> Task:
    waits = instance["state"] == "scheduled"
    return Task(
        id=instance["id"],
        pool=instance["pool"],
        dag_id=instance["dag_id"],
        run_id=instance["dag_run_id"],
        task_id=instance["task_id"],
        map_index=instance["map_index"],
        slots=instance["pool_slots"],
        state="waiting" if waits else "running",
        weight=instance["priority_weight"] or 0,
        since=_epoch(instance["scheduled_when" if waits else "queued_when"]),
        run_at=_epoch(instance["run_after"]),
        owner=owner,
        project=project,
    )


def _epoch(moment: str | None) -> float:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() if moment else 0.0
