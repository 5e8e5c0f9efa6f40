"""`Execution`: one run from start to end, in the steps that a task takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import (
    CompilationError,
    FilesError,
    PermanentRunnerError,
    TemporaryRunnerError,
)
from polyaxon_airflow.execution.attempt import Attempt
from polyaxon_airflow.execution.caching import Reuse, is_on, points_of
from polyaxon_airflow.execution.clearing import end_cleared
from polyaxon_airflow.execution.cloning import clone_of, is_whole, resumed_uuid
from polyaxon_airflow.execution.continuing import continued
from polyaxon_airflow.execution.decide import held_back_by_condition, held_back_by_upstreams
from polyaxon_airflow.execution.edges import edges_to
from polyaxon_airflow.execution.family import Family
from polyaxon_airflow.execution.images import with_built_image
from polyaxon_airflow.execution.launching import manifest_of
from polyaxon_airflow.execution.limits import pass_limits
from polyaxon_airflow.execution.pipelines import begin_dags
from polyaxon_airflow.execution.resolution import compiled_of, key_of, resolved
from polyaxon_airflow.execution.services import service_of
from polyaxon_airflow.execution.stopping import dags_that_stop, why_ended
from polyaxon_airflow.execution.supervision import Supervision
from polyaxon_airflow.execution.taking import amounts_of, check_place, place_of
from polyaxon_airflow.execution.task import Ended
from polyaxon_airflow.matrix import NothingToAsk
from polyaxon_airflow.runners.base import RunIdentity
from polyaxon_airflow.store import Edge, Run
from polyaxon_airflow.store.lifecycle import DONE
from polyaxon_airflow.tuning.trial import TrialStep

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from polyaxon_airflow.execution.cloning import Clone
    from polyaxon_airflow.execution.decide import HeldBack
    from polyaxon_airflow.execution.step import Step
    from polyaxon_airflow.execution.task import Status, Surroundings, Task
    from polyaxon_airflow.runners.base import Handle, Outcome
    from polyaxon_airflow.store.lifecycle import Status as RunStatus
    from polyaxon_airflow.store.runs import Changes


@dataclass(frozen=True)
class Started:
    """A run that a runner executes now."""

    handle: Handle
    supervision: Supervision

    @property
    def attempt(self) -> Attempt:
        """What a trigger has to know to take over."""
        return self.supervision.attempt


@dataclass(frozen=True)
class Execution:
    """The run of one task.

        started = execution.start()
        ended = started if isinstance(started, Ended) else execution.finish(started, execution.follow(started))

    `start` on a retry finds the run of the attempt before. What is wrong with a run ends it as failed with the
    reason; only what is wrong with this program raises.
    """

    task: Task
    around: Surroundings

    def begin(self) -> Run:
        """The run in the store, made if this is its first task, opened again if this task resumes it.

        Raises CompilationError for a run that `conf` names and that cannot be gone on from.
        """
        if self.task.node.is_in_dag:
            begin_dags(self.task, self.around)
        clone = clone_of(self.task, self.around.store) if is_whole(self.task) else None
        if clone is not None and clone.kind == "resume" and resumed_uuid(self.task) == self.uuid:
            return self._reopened(clone.original)
        return self.around.store.runs.begin(self._new_run(clone))

    def start(self, step: Step | None = None) -> Ended | Started:
        """Everything up to the moment when a runner executes the run; `Ended` if none needs to.

        Raises FullError if a dag around it has as many runs as it may have at once.
        """
        try:
            run = self.begin()
        except CompilationError as error:  # of what the trigger asks for, so that there is no run
            return Ended("failed", self.uuid, str(error), retriable=False)
        try:
            return self._held_back(step) or self._submit(step, run)
        except NothingToAsk as nothing:
            return self._end("skipped", str(nothing))
        except (CompilationError, PermanentRunnerError) as error:
            return self._end("failed", str(error), retriable=False)
        except (TemporaryRunnerError, FilesError) as error:
            return self._end("failed", str(error))

    def follow(self, started: Started) -> Outcome:
        """Block until the runner has ended the run."""
        runs = started.handle.get("offline_runs")
        follower = started.supervision.follower(
            offline_runs=Path(runs) if runs else None, interrupted=self.around.interrupted
        )
        return follower.follow(self.around.runner, started.handle)

    def finish(self, started: Started, outcome: Outcome) -> Ended:
        """Results to the store, then away with what the runner needed.

        Files that could not be brought to the artifacts store stay on this machine.
        """
        lost = self._why_lost()
        if lost and outcome.status == "succeeded":
            outcome = outcome._replace(status="failed", reason=lost)
        ended = started.supervision.finish(outcome)
        if self.around.artifacts is not None and not lost:
            self.around.artifacts.discard(self._folder)
        self.around.runner.clean(started.handle, keep=started.attempt.keep)
        return ended

    def _supervision(self, attempt: Attempt, trial: TrialStep | None = None) -> Supervision:
        """What becomes of the run from here on."""
        around = self.around
        return Supervision(
            attempt,
            around.store,
            around.clock,
            around.log,
            around.log_line,
            self._folder,
            carried=around.carried,
            trial=trial,
        )

    @property
    def uuid(self) -> str:
        """Of the run; the same for every attempt until the task is cleared."""
        return resumed_uuid(self.task) or self.task.identity.run_uuid

    @cached_property
    def compiled(self) -> CompiledOperation:
        """The operation as the polyaxonfile has it."""
        return compiled_of(self.task)

    @property
    def _folder(self) -> Path:
        """Of the run's artifacts on this machine."""
        return Path(self.around.runs_folder) / self.uuid

    @cached_property
    def _family(self) -> Family:
        return Family(self.task, self.around)

    def _why_lost(self) -> str:
        """Bring the run's files into the artifacts store; why that failed, "" if it did not."""
        if self.around.artifacts is None:
            return ""
        try:
            self.around.artifacts.collect(self.uuid, self._folder, self.task.try_number)
        except FilesError as error:
            reason = f"its artifacts could not be kept: {error}"
            self.around.log(reason)
            return reason
        return ""

    @cached_property
    def _dags(self) -> tuple[dict[str, Any], ...]:
        return dags_that_stop(self.task, self.around)

    def _held_back(self, step: Step | None) -> Ended | None:
        reason = step.why_not_start() if step is not None else None
        if (
            reason := reason or why_ended(self._dags, self.around.store, self.task.identity.generation)
        ) is not None:
            return self._end("skipped", reason)
        return self._ended_by(held_back_by_upstreams(self.task.node, self.compiled, self._family.upstreams()))

    def _submit(self, step: Step | None, run: Run) -> Ended | Started:
        check_place(self.task)
        if self.task.node.kind == "run":
            self.around.store.lineage.link(edges_to(self.uuid, self.compiled, self._family))
        suggested = step.params() if step is not None else None
        literal = resolved(self.task, self.around, run, suggested)
        literal = with_built_image(literal, self.task, self.around)
        if (before := self._begins_with(step, run)) is not None:
            literal = continued(literal, before, self.uuid, self.around)
        self._update(inputs=_values(literal), content=literal.to_dict(), pending=None, **amounts_of(literal))
        if (held_back := held_back_by_condition(self.compiled, literal.conditions)) is not None:
            return self._end(held_back.status, held_back.reason)
        key = key_of(self.task, self.around, run, suggested) if is_on(literal, run) else None
        if (original := Reuse(self.task, self.around).original(literal, key, run)) is not None:
            return self._cached(original)
        manifest = manifest_of(literal, run, self.around)
        end_cleared(self.task, self.around)
        pass_limits(self.task, self.around, self.uuid)
        self._set_status("starting")
        if self.around.artifacts is not None and (self.task.try_number > 1 or resumed_uuid(self.task)):
            self.around.artifacts.restore(self.uuid, self._folder)
        handle = self.around.runner.submit(manifest, self._identity())
        attempt = replace(self._attempt(step, literal), service=service_of(literal, handle, self.task))
        if attempt.service is None:
            self._set_status("running", handle=handle)
        else:  # is found to be ready by who follows it
            self._update(handle=handle)
        return Started(handle, self._supervision(attempt, step if isinstance(step, TrialStep) else None))

    def _begins_with(self, step: Step | None, run: Run) -> str | None:
        """The uuid of the run whose outputs this one begins with."""
        if isinstance(step, TrialStep):
            return step.continues()
        return run.original if run.cloning_kind == "copy" else None

    def _attempt(self, step: Step | None = None, literal: CompiledOperation | None = None) -> Attempt:
        trial = step if isinstance(step, TrialStep) else None
        plugins, termination = (literal.plugins, literal.termination) if literal is not None else (None, None)
        logs = getattr(plugins, "collect_logs", None)
        return Attempt(
            uuid=self.uuid,
            dags=list(self._dags),
            try_number=self.task.try_number,
            max_retries=self._max_retries(literal),
            sweep=trial.sweep.uuid if trial is not None else None,
            trial_index=self.task.trial_index,
            trials=trial.sweep.matrix.trials() if trial is not None else None,
            timeout=getattr(termination, "timeout", None) or None,
            keep=getattr(termination, "ttl", None) or 0,
            logs=logs is not False,
        )

    def _max_retries(self, literal: CompiledOperation | None) -> int:
        """Of this run, with the presets that it has; Airflow knows the most that any preset may want."""
        content = self._run().content if literal is None else None
        known = CompiledOperation.from_dict(dict(content)) if content is not None else literal
        if known is None:
            return self.task.node.max_retries
        number = getattr(known.termination, "max_retries", None)
        return number if isinstance(number, int) else 0

    def _cached(self, original: Run) -> Ended:
        metrics = self.around.store.metrics
        metrics.log(self.uuid, points_of(metrics.of(original.uuid).values()), at=self.around.clock())
        self._update(outputs=original.outputs, original=original.uuid, cloning_kind="cache")
        self.around.store.lineage.link([Edge(original.uuid, self.uuid, "cache")])
        where = f"{original.dag_id} {original.dag_run_id}" if original.dag_id else original.name
        return self._end("succeeded", f"cached: results of run {original.uuid} ({where})")

    def _reopened(self, run: Run) -> Run:
        """A run that has ended, as one of this task. A retry finds it reopened."""
        where = self.task.identity
        if (run.dag_run_id, run.task_id) == (where.dag_run_id, where.task_id):
            return self.around.store.runs.begin(replace(run, try_number=self.task.try_number))
        if run.status not in DONE:
            raise CompilationError(f"run {run.uuid} is {run.status}; only one that has ended can be resumed")
        if run.handle is not None:
            self.around.runner.clean(dict(run.handle))
        return self.around.store.runs.reopen(
            run.uuid, where.dag_run_id, where.task_id, at=self.around.clock()
        )

    def _new_run(self, clone: Clone | None) -> Run:
        where, in_dag = self.task.identity, self.task.node.is_in_dag
        return Run(
            uuid=self.uuid,
            name=self._name,
            created_at=self.around.clock(),
            description=self.compiled.description,
            owner=self.around.owner,
            project=self.around.project,
            user=self.task.user,
            dag_id=where.dag_id,
            dag_run_id=where.dag_run_id,
            task_id=where.task_id,
            map_index=where.map_index,
            try_number=self.task.try_number,
            kind=self.compiled.run.kind,
            runtime=self.compiled.run.kind,
            pipeline=self.task.pipeline or (self._family.pipeline(self.task.node.group) if in_dag else None),
            controller=self._family.pipeline("") if in_dag else None,
            trial_index=self.task.trial_index,
            tags=tuple(self.compiled.tags or ()),
            **place_of(self.task, self.compiled),
            schedule_at=self.task.schedule_at,
            original=clone.original.uuid if clone is not None else None,
            cloning_kind=clone.kind if clone is not None else None,
            meta={"generation": where.generation} if where.generation else {},
        )

    @property
    def _name(self) -> str:
        return self.compiled.name or self.task.node.id

    def _identity(self) -> RunIdentity:
        return RunIdentity(self.uuid, self._name, self.around.owner, self.around.project)

    def _run(self) -> Run:
        run = self.around.store.runs.get(self.uuid)
        assert run is not None  # noqa: S101 - `start` began it
        return run

    def _update(self, **changes: Unpack[Changes]) -> None:
        self.around.store.runs.update(self.uuid, at=self.around.clock(), **changes)

    def _set_status(self, status: RunStatus, **changes: Unpack[Changes]) -> None:
        self.around.store.runs.set_status(self.uuid, status, at=self.around.clock(), **changes)

    def _ended_by(self, held_back: HeldBack | None) -> Ended | None:
        return None if held_back is None else self._end(held_back.status, held_back.reason)

    def _end(self, status: Status, reason: str = "", *, retriable: bool = True) -> Ended:
        return self._supervision(self._attempt()).end(status, reason, retriable=retriable)


def _values(compiled: CompiledOperation) -> dict[str, object]:
    return {io.name: io.value for io in compiled.inputs or ()}
