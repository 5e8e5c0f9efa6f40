"""Builds: an image before the runs that need it, and what those runs make of it (spec section 2.20)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.decide import held_back_by_condition, held_back_by_upstreams
from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.launching import run_globals
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.references import referenced_values
from polyaxon_airflow.execution.resolution import compiled_of, resolved
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.sections.build import Build
from polyaxon_airflow.sections.params import Param
from polyaxon_airflow.store import Edge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.execution.decide import HeldBack
    from polyaxon_airflow.execution.execution import Started
    from polyaxon_airflow.execution.task import Status, Surroundings, Task
    from polyaxon_airflow.store import Run


@dataclass(frozen=True)
class BuildStep:
    """The build of an operation: what it gets from the run, or the sweep, that waits for it."""

    task: Task
    around: Surroundings

    def why_not_start(self) -> str | None:
        return None

    def params(self) -> Mapping[str, Any]:
        """The values of the run's inputs, and the build's own params where those are no plain values."""
        return {**self._inputs, **self._own}

    @cached_property
    def behind(self) -> Task:
        """The task that waits: of the run, or the one that ends the sweep."""
        node = self.task.plan.node(str(self.task.node.details["for"]))
        return replace(self.task, node=node, identity=replace(self.task.identity, task_id=node.id))

    @cached_property
    def run(self) -> Run:
        """What waits, in the store."""
        if self.behind.node.kind == "run":
            return Execution(self.behind, self.around).begin()
        compiled, group = compiled_of(self.behind), self.behind.node.group
        return begin_pipeline(self.behind, self.around, compiled, group, ends_with=self.behind.node.id)

    def held_back(self) -> HeldBack | None:
        """Why neither image nor run is wanted. Raises CompilationError for a condition that is no boolean."""
        if self.behind.node.kind != "run":
            return None  # the gate of the sweep has asked
        compiled = compiled_of(self.behind)
        found = held_back_by_upstreams(self.task.node, compiled, Family(self.task, self.around).upstreams())
        return found or held_back_by_condition(compiled, self._literal.conditions)

    def end(self, status: Status, reason: str) -> None:
        """The run that waited has ended."""
        self.around.store.runs.update(self.run.uuid, at=self.around.clock(), pending=None)
        self.around.store.runs.set_status(self.run.uuid, status, reason, at=self.around.clock())

    @cached_property
    def _literal(self) -> CompiledOperation:
        return resolved(self.behind, self.around, self.run)

    @cached_property
    def _inputs(self) -> dict[str, Any]:
        known = self._literal if self.behind.node.kind == "run" else compiled_of(self.behind)
        return {io.name: io.value for io in known.inputs or () if io.value is not None}

    @cached_property
    def _own(self) -> dict[str, Any]:
        build = compiled_of(self.behind).build
        given = dict(build.params or {}) if isinstance(build, Build) else {}
        references = {name: param for name, param in given.items() if isinstance(param, Param) and param.ref}
        values = {
            name: getattr(param, "value", param) for name, param in given.items() if name not in references
        }
        seen = {**self._inputs, "globals": run_globals(self.run)}
        found = referenced_values(references, Family(self.task, self.around).find)
        return {**{name: render(value, seen) for name, value in values.items()}, **found}


def start_build(task: Task, around: Surroundings) -> tuple[Execution, Ended | Started]:
    """Start the build, if the run that needs its image is to start at all; meanwhile that is `pending` a build."""
    step, execution = BuildStep(task, around), Execution(task, around)
    try:
        held_back = step.held_back()
    except CompilationError as error:
        step.end("failed", str(error))
        return execution, Ended("failed", step.run.uuid, str(error), retriable=False)
    if held_back is not None:
        step.end(held_back.status, held_back.reason)
        return execution, Ended(held_back.status, step.run.uuid, held_back.reason)
    if (missing := task.node.details.get("missing")) is not None:
        step.end("upstream_failed", f"its build failed: {missing}")
        return execution, Ended("failed", step.run.uuid, str(missing), retriable=False)
    around.store.runs.update(step.run.uuid, at=around.clock(), pending="build")
    free = replace(execution, task=replace(task, node=replace(task.node, decides=False)))
    started = free.start(step)
    around.store.lineage.link([Edge(execution.uuid, step.run.uuid, "build")])
    return free, started


def end_build(task: Task, around: Surroundings, ended: Ended) -> None:
    """Tell the run that waits, if there will be no image for it."""
    if ended.status in ("failed", "stopped") and not ended.retriable:
        BuildStep(task, around).end("upstream_failed", f"its build {ended.status}: {ended.reason}")
