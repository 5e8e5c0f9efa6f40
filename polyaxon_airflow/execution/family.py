"""The runs around a run: its siblings, the dag and the sweep that it is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.execution.cloning import trigger_values
from polyaxon_airflow.execution.identity import pipeline_uuid
from polyaxon_airflow.execution.references import referenced_values
from polyaxon_airflow.execution.statuses import latest_by_task, polyaxon_status
from polyaxon_airflow.store import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.execution.task import Surroundings, Task


class Upstreams(NamedTuple):
    """Task id -> Polyaxon's status, of what came before a task; `missed`: the events that did not come, if any."""

    statuses: Mapping[str, str]
    missed: str | None = None


@dataclass(frozen=True)
class Family:
    """What a task can learn of the other runs of its dag run."""

    task: Task
    around: Surroundings

    def pipeline(self, group: str) -> str:
        """The uuid of the dag ("") or the nested dag or sweep that a task group is."""
        where = self.task.identity
        index = where.map_index if self.task.plan.mapped_group(group) is not None else -1
        return pipeline_uuid(where.dag_id, where.dag_run_id, group, index)

    @property
    def index(self) -> int:
        """Which trial of a sweep over a dag this task is in; -1 for none."""
        task = self.task
        return task.identity.map_index if task.plan.mapped_group(task.node.group) is not None else -1

    def siblings(self) -> Mapping[str, Run]:
        """Task id -> run, of the operations of this dag run that have begun."""
        uuids = {self.pipeline(node.group) for node in self.task.plan.nodes}
        runs = [run for uuid in uuids for run in self.around.store.runs.children(uuid)]
        return latest_by_task(runs, self.index)

    def upstreams(self) -> Upstreams:
        """What came before this task, as far as it is the task's to decide by it."""
        node = self.task.node
        if not node.decides:
            return Upstreams({})
        wanted = self._wanted()
        last = [task_id for want in wanted for task_id in want["last"]]
        states, runs = self.around.statuses([*node.upstream, *last]), self.siblings()
        statuses = {
            task_id: polyaxon_status(states.get(task_id), runs.get(task_id))
            for task_id in (*node.upstream, *last)
        }
        if node.event and statuses[node.event] == "skipped":
            del statuses[node.event]
            return Upstreams(statuses, "; ".join(_missed(want, statuses) for want in wanted))
        waited_for = [
            task_id for task_id in node.upstream if task_id != node.event or statuses[task_id] != "succeeded"
        ]
        return Upstreams({task_id: statuses[task_id] for task_id in waited_for})

    def _wanted(self) -> list[dict[str, Any]]:
        """What the task before this one has waited for: `{operation, kinds, last}` each."""
        event = self.task.node.event
        return list(self.task.plan.node(event).details["wanted"]) if event else []

    def find(self, ref: str) -> Run | None:
        """The run that `ops.NAME`, `runs.UUID` or `dag` names; None if there is none."""
        kind, _, name = ref.partition(".")
        if kind == "runs":
            return self.around.store.runs.get(name.replace("-", ""))
        if kind == "dag":
            return self.dag()
        task_id = f"{self._dag_group}.{name}" if self._dag_group else name
        siblings = self.siblings()
        found = (siblings.get(f"{task_id}{end}") for end in ("", ".best", ".outcome"))
        return next((run for run in found if run is not None), None)

    @property
    def _dag_path(self) -> str:
        """Of the dag that this task's operation is in."""
        return self.task.node.operation.rpartition(".")[0]

    @property
    def _dag_group(self) -> str:
        """The task group of that dag: it has the same name, but for a dag that is the trial of a sweep."""
        path, own = self._dag_path, self.task.node.group
        around = [group.id for group in self.task.plan.groups if group.operation == path and group.holds(own)]
        return max(around, key=len, default="")

    @property
    def _outer(self) -> Family:
        """The family of the dag that this task's operation is in."""
        node, group = self.task.node, self._dag_group.rpartition(".")[0]
        return Family(
            replace(self.task, node=replace(node, operation=self._dag_path, group=group)), self.around
        )

    def dag(self) -> Run:
        """The dag that this operation is in, as a run, with the values that were given when it was triggered."""
        path, uuid = self._dag_path, self.pipeline(self._dag_group)
        compiled = CompiledOperation.from_dict(dict(self.task.plan.operations[path]))
        references = {name: param for name, param in (compiled.params or {}).items() if param.ref}
        given = referenced_values(references, self._outer.find)
        if not path:
            given |= trigger_values(compiled, self.task, self.around.store)
        mapped = self.task.plan.mapped_group(self._dag_group)
        if mapped is not None and mapped.id == self._dag_group:
            trial = self.around.store.runs.get(uuid)
            given |= trial.inputs if trial is not None else {}
        return Run(
            uuid=uuid,
            name=compiled.name or self.task.identity.dag_id,
            created_at=self.around.clock(),
            inputs={**values_of(compiled), **given},
        )


def _missed(want: dict[str, Any], statuses: Mapping[str, str]) -> str:
    ended = ", ".join(f"{task_id} {statuses[task_id]}" for task_id in want["last"])
    return f"no {' or '.join(want['kinds'])} of ops.{want['operation']} ({ended})"


def values_of(compiled: CompiledOperation) -> dict[str, Any]:
    """Name -> value of an operation's inputs and params."""
    return {io.name: io.value for io in (*(compiled.inputs or ()), *(compiled.contexts or ()))}
