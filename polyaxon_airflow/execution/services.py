"""Services: when one is ready, when nobody needs it any more, and where it is (spec sections 2.9, 2.17 and 3.13)."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from polyaxon_airflow.execution.statuses import latest_by_task
from polyaxon_airflow.runtimes.service import Service
from polyaxon_airflow.store.lifecycle import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Task
    from polyaxon_airflow.plan import Node, Plan
    from polyaxon_airflow.runners.base import Handle
    from polyaxon_airflow.store import RunStore

DEFAULT_PORT = 80
DEFAULT_PROBE = "/api/status"  # Jupyter's, as in Polyaxon
LOOK_EVERY = 2.0  # seconds between looks at the other operations of the dag
PROBE_EVERY = 10.0  # seconds between two questions whether the service is used, at most
ANSWER_WITHIN = 2.0  # seconds


def service_of(literal: CompiledOperation, handle: Handle, task: Task) -> dict[str, Any] | None:
    """What the follower of a service must know, as JSON; None for a run that is none."""
    run = literal.run
    if not isinstance(run, Service):
        return None
    port = run.ports[0] if isinstance(run.ports, list) and run.ports else None
    termination = literal.termination if not isinstance(literal.termination, str) else None
    culling = getattr(getattr(termination, "culling", None), "timeout", None)
    http = getattr(getattr(termination, "probe", None), "http", None)
    is_here = handle["runner"] == "process"
    host = "127.0.0.1" if is_here else f"{handle['name']}.{handle['namespace']}.svc"
    return {
        "address": [host, port] if is_here and port else None,  # that a client must reach before it is ready
        "url": f"http://{host}:{port or DEFAULT_PORT}",
        "idle_after": culling,
        "probe": f"http://{host}:{getattr(http, 'port', None) or port or DEFAULT_PORT}"
        f"{getattr(http, 'path', None) or DEFAULT_PROBE}",
        "dag": [task.identity.dag_id, task.identity.dag_run_id],
        "index": task.identity.map_index,
        "needed_by": needed_by(task.plan, task.node),
    }


def needed_by(plan: Plan, service: Node) -> list[list[Any]]:
    """The operations that a service is there for, `[last task, tasks before it, whether it always begins]` each.

    Those are the other ones of its dag, but for services, and but for what waits for this one to end.
    """
    around = service.operation.rpartition(".")[0]
    if plan.operations.get(around, {}).get("run", {}).get("kind") != "dag" or not service.operation:
        return []
    after = {service.id}
    for node in plan.nodes:
        if after.intersection(node.upstream) and not _is_end_of(node, around):
            after.add(node.id)
    inside = [
        node for node in plan.nodes if node.group == service.group or _is_below(node.group, service.group)
    ]
    found = [node for node in inside if node.kind in ("run", "best", "outcome") and node.id not in after]
    return [
        [node.id, list(node.upstream), node.decides]
        for node in found
        if not _is_end_of(node, around) and not _is_service(plan, node)
    ]


def all_ended(needed: list[list[Any]], statuses: Mapping[str, str]) -> bool:
    """Whether all of them have. `statuses`: of those that have begun, by task; some never begin.

    >>> all_ended([["a", [], False], ["b", ["a"], False]], {"a": "failed"})
    True
    >>> all_ended([["a", [], False], ["b", ["a"], False]], {"a": "succeeded"})
    False
    """
    never: set[str] = set()
    for task_id, upstream, begins in needed:
        if task_id in statuses:
            if statuses[task_id] not in DONE:
                return False
        elif begins or not any(_is_in_vain(before, statuses, never) for before in upstream):
            return False
        else:
            never.add(task_id)
    return True


@dataclass
class Attendance:
    """Looks after one service, for whoever follows it. `service`: see `service_of`."""

    service: Mapping[str, Any]
    uuid: str
    store: RunStore
    clock: Callable[[], datetime]
    log: Callable[[str], None]
    is_told: bool = False  # whether somebody calls `ready`; else it is asked, if it can be reached from here
    _is_ready: bool = False
    _next_look: float = field(default=0.0)
    _next_probe: float = field(default=0.0)

    def why_stop(self) -> str | None:
        """Why the service must end; on the way it is found to be ready."""
        now = self.clock().timestamp()
        if not self._is_ready and not self.is_told and self._answers():
            self.ready()
        return self._unneeded(now) or self._idle(now)

    def ready(self) -> None:
        """It serves from now on."""
        self._is_ready = True
        self.store.runs.set_status(self.uuid, "running", at=self.clock())
        self.log(f"the service answers at {self.service['url']}")

    def _answers(self) -> bool:
        address = self.service["address"]
        if address is None:
            return True
        try:
            with socket.create_connection(tuple(address), timeout=ANSWER_WITHIN):
                return True
        except OSError:
            return False

    def _unneeded(self, now: float) -> str | None:
        needed = self.service["needed_by"]
        if not needed or now < self._next_look:
            return None
        self._next_look = now + LOOK_EVERY
        found = self.store.runs.of_dag_run(*self.service["dag"])
        runs = latest_by_task(found, self.service["index"])
        statuses = {task_id: run.status for task_id, run in runs.items()}
        return "all that it was there for has ended" if all_ended(needed, statuses) else None

    def _idle(self, now: float) -> str | None:
        patience = self.service["idle_after"]
        if not patience or not self._is_ready or now < self._next_probe:
            return None
        self._next_probe = now + min(PROBE_EVERY, max(1.0, patience / 4))
        seen = last_activity(self.service["probe"])
        if seen is None or now - seen <= patience:
            return None
        return f"nobody has used it for {now - seen:.0f} s, and termination.culling allows {patience}"


def last_activity(url: str) -> float | None:
    """When a service was last used, Unix seconds, as it says itself; None if it does not say: then it counts as used."""
    with (
        suppress(OSError, ValueError, HTTPException, KeyError, TypeError),
        urlopen(url, timeout=ANSWER_WITHIN) as answer,  # noqa: S310 - http, by `service_of`
    ):
        told = datetime.fromisoformat(str(json.load(answer)["last_activity"]).replace("Z", "+00:00"))
        return (told if told.tzinfo else told.replace(tzinfo=timezone.utc)).timestamp()
    return None


def _is_in_vain(before: str, statuses: Mapping[str, str], never: set[str]) -> bool:
    return before in never or (statuses.get(before) in DONE and statuses.get(before) != "succeeded")


def _is_end_of(node: Node, path: str) -> bool:
    """Whether a node only says how the dag itself has ended."""
    return node.kind == "hook" or (node.kind == "outcome" and node.operation == path)


def _is_service(plan: Plan, node: Node) -> bool:
    run: Mapping[str, Any] = plan.operations[node.operation].get("run", {})
    return run.get("kind") == "service"


def _is_below(group: str, outer: str) -> bool:
    return not outer or group.startswith(f"{outer}.")
