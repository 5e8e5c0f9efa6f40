"""Hooks: components and notifications after a run that has ended (spec section 2.21)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation, RunContext, resolve_hooks
from polyaxon_airflow.compiler.conditions import evaluate
from polyaxon_airflow.connections.kinds import TELL
from polyaxon_airflow.errors import NotificationError
from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.launching import run_globals
from polyaxon_airflow.execution.references import referenced_values
from polyaxon_airflow.execution.statuses import polyaxon_status
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.plan.notifications import NOTIFIER
from polyaxon_airflow.sections.hooks import GIVEN
from polyaxon_airflow.sections.params import Param
from polyaxon_airflow.store import Edge, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.execution.execution import Started
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.sections.hooks import Hook


@dataclass(frozen=True)
class HookStep:
    """One hook of a run that has ended: whether it fires, and what its component gets."""

    task: Task
    around: Surroundings

    def why_not_start(self) -> str | None:
        """Why the hook does not fire. Raises CompilationError for a condition that is neither true nor false."""
        trigger = (
            self._written.trigger or "done"
        )  # before its templates: a run that never began has no values
        if trigger not in ("done", self.status):
            return f"the hook is for {trigger}, and the run is {self.status}"
        if self.hook.conditions is not None and not evaluate(self.hook.conditions, RunContext()):
            return f"its condition {self._written.conditions} is {self.hook.conditions}"
        return None

    def params(self) -> Mapping[str, Any]:
        """Its own params, the facts that it is given unless it refuses them, and what its queue reads of the run."""
        facts = {} if self.hook.disable_defaults else self.facts
        return {**self._read_of_the_run(), **self._own_params(), **facts}

    @cached_property
    def hook(self) -> Hook:
        """The hook without a template left. Raises CompilationError."""
        run = self.run
        known = {**self.facts, **(run.outputs if run is not None else {})}
        context = RunContext(globals=run_globals(run) if run is not None else {}, params=known)
        return resolve_hooks(self._with_outputs(run), context)[0]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """`uuid`, `status`, `outputs`, ... of the run; JSON."""
        run = self.run or Run(
            uuid="0" * 32, name=str(self.task.node.details["after"]), created_at=self.around.clock()
        )
        values = {
            "uuid": run.uuid if self.run is not None else None,
            "name": run.name,
            "kind": run.kind,
            "runtime": run.runtime,
            "status": self.status,
            "condition": {"type": self.status, "status": True, "reason": run.reason, "message": run.reason},
            "inputs": dict(run.inputs),
            "outputs": dict(run.outputs),
            "wait_time": run.wait_time,
            "duration": run.duration,
        }
        return {name: values[name] for name in GIVEN}

    @cached_property
    def run(self) -> Run | None:
        """The run that the hook is for; None if it has never begun."""
        where = self.task.identity
        return self.around.store.runs.of_task(
            where.dag_id, where.dag_run_id, str(self.task.node.details["after"]), where.map_index
        )

    @cached_property
    def status(self) -> str:
        """How that run ended, in Polyaxon's words."""
        after = str(self.task.node.details["after"])
        return polyaxon_status(self.around.statuses([after]).get(after), self.run)

    @property
    def _written(self) -> Hook:
        hooks = self._operation.hooks
        assert isinstance(hooks, list)  # noqa: S101 - the plan has refused a template
        hook: Hook = hooks[self.task.node.details["hook"]]
        return hook

    @cached_property
    def _operation(self) -> CompiledOperation:
        return CompiledOperation.from_dict(dict(self.task.plan.operations[self.task.node.details["of"]]))

    def _with_outputs(self, run: Run | None) -> CompiledOperation:
        """The operation with the values that its run had and what came out of it, and this hook alone."""
        content = run.content if run is not None else None
        literal = CompiledOperation.from_dict(dict(content)) if content is not None else self._operation
        outputs = run.outputs if run is not None else {}
        seen = [
            io.model_copy(update={"value": outputs.get(io.name, io.value)}) for io in literal.outputs or ()
        ]
        return literal.model_copy(update={"outputs": seen, "hooks": [self._written]})

    def _read_of_the_run(self) -> dict[str, Any]:
        planned = CompiledOperation.from_dict(dict(self.task.plan.operations[self.task.node.operation]))
        asked = {io.name for io in planned.contexts or ()}
        inputs = {io.name: io.value for io in self._operation.inputs or ()} | self.facts["inputs"]
        return {name: value for name, value in inputs.items() if name in asked}

    def _own_params(self) -> dict[str, Any]:
        given = self.hook.params if isinstance(self.hook.params, dict) else {}
        references = {name: param for name, param in given.items() if isinstance(param, Param) and param.ref}
        values = {name: param.value for name, param in given.items() if name not in references}
        return {**values, **referenced_values(references, Family(self.task, self.around).find)}


def _told(step: HookStep, missing: str) -> Ended:
    """A hook without a component tells by its connection, if that is one that tells."""
    connection, notify = step.hook.connection, step.around.notify
    if notify is None or connection is None or not _tells(step, connection):
        return Ended("failed", "", missing, retriable=False)
    try:
        notify(connection, step.facts)
    except NotificationError as error:
        return Ended("failed", "", str(error))
    return Ended("succeeded", "", f"told {connection} that {step.facts['name']} {step.status}")


def _tells(step: HookStep, connection: str) -> bool:
    known = step.around.connections.get(connection)
    return step.hook.hub_ref == NOTIFIER or (known is not None and known.kind in TELL)


def start_hook(task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
    """Start the component of a hook that fires. One that does not fire leaves nothing in the store.

    Raises CompilationError if the hook itself cannot be read.
    """
    step, execution = HookStep(task, around), Execution(task, around)
    if (reason := step.why_not_start()) is not None:
        return execution, Ended("skipped", "", reason)
    if (missing := task.node.details.get("missing")) is not None:
        return execution, _told(step, str(missing))
    started = execution.start(step)
    if step.run is not None:
        around.store.lineage.link([Edge(step.run.uuid, execution.uuid, "hook")])
    return execution, started
