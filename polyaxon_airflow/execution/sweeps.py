"""The sweep that a trial belongs to, found or begun."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.pipelines import begin_pipeline
from polyaxon_airflow.execution.resolution import compiled_of, literal_matrix
from polyaxon_airflow.matrix.bayes import Bayes
from polyaxon_airflow.matrix.iterative import Iterative
from polyaxon_airflow.tuning.sweep import Sweep

if TYPE_CHECKING:
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.matrix import Matrix
    from polyaxon_airflow.store import Run, RunStore

RESUME = "resume"  # word of `conf`: the dag run whose sweep goes on
ENQUEUE = "enqueue"  # word of `conf`: params that the first trials take


def sweep_of(task: Task, around: Surroundings) -> Sweep:
    """The sweep that a task is in; its first task begins it.

    The matrix without templates stands in the sweep's run, so all trials ask the same one. Raises CompilationError.
    """
    compiled, mapped = compiled_of(task), task.plan.mapped_group(task.node.group)
    group = mapped.id.rpartition(".")[0] if mapped is not None else task.node.group
    resumed = task.conf.get(RESUME)
    owner = task
    if resumed is not None:
        owner = replace(task, identity=replace(task.identity, dag_run_id=str(resumed)))
    run = begin_pipeline(owner, around, compiled, group, ends_with=f"{group}.best")
    matrix = _matrix(owner, around, compiled, run)
    first = first_index(task, around, run.uuid)
    if resumed is not None:
        matrix = extended(matrix, _total(task, first))
    _enqueue(task, around, run.uuid, first, matrix)
    return Sweep(run.uuid, compiled.model_copy(update={"matrix": matrix}), around.store)


def begun_sweep(uuid: str, store: RunStore, trials: int | None) -> Sweep:
    """A sweep that a trial is in, for whoever follows the trial. `trials`: in all, as the trial knew it."""
    run = store.runs.get(uuid)
    assert run is not None  # noqa: S101 - a trial has begun it
    compiled = CompiledOperation.from_dict(dict(run.content or {}))
    matrix = (
        compiled.matrix if trials is None or compiled.matrix is None else extended(compiled.matrix, trials)
    )
    return Sweep(uuid, compiled.model_copy(update={"matrix": matrix}), store)


def trial_indexes(task: Task, around: Surroundings) -> list[int]:
    """The trials of a sweep whose matrix only the run can tell. Raises CompilationError."""
    count = sweep_of(task, around).matrix.trials()
    if count is None:
        raise CompilationError("the matrix has templates left that nothing fills in")
    return list(range(count))


def first_index(task: Task, around: Surroundings, sweep: str) -> int:
    """Where the trials of this dag run begin in a sweep: after those that there were, if it resumes one."""
    if RESUME not in task.conf:
        return 0
    cursor = f"sweep/{sweep}/{task.identity.dag_run_id}"
    told = around.store.sweeps.suggestions(sweep)
    around.store.cursors.move(cursor, max((s.index for s in told), default=-1) + 1, expected=None)
    found = around.store.cursors.get(cursor)
    assert found is not None  # noqa: S101 - this task or another one has just moved it
    return int(found.value)


def extended(matrix: Matrix, trials: int) -> Matrix:
    """The matrix with so many trials in all, for a sweep that goes on; one that has no number of them as it is.

    Raises CompilationError for one whose trials only its tuner knows.
    """
    if isinstance(matrix, Iterative):
        raise CompilationError("an iterative sweep cannot go on in another run: its tuner has ended it")
    fields = type(matrix).model_fields
    if isinstance(matrix, Bayes):
        more = {"maxIterations": max(0, trials - int(matrix.num_initial_runs))}
    elif "num_runs" in fields:
        more = {"numRuns": trials, **({"maxIterations": 1} if "max_iterations" in fields else {})}
    else:
        return matrix
    return type(matrix).model_validate({**matrix.to_dict(), **more})


def _matrix(task: Task, around: Surroundings, compiled: CompiledOperation, run: Run) -> Any:
    if run.content is not None:
        return CompiledOperation.from_dict(dict(run.content)).matrix
    matrix = literal_matrix(task, around, compiled, run)
    content = compiled.model_copy(update={"matrix": matrix}).to_dict()
    around.store.runs.update(run.uuid, at=around.clock(), content=content)
    return matrix


def _total(task: Task, first: int) -> int:
    """How many trials a resumed sweep is to have: `numRuns` of the trigger, else as many more as this dag run has.

    Raises CompilationError if this dag run has not as many tasks.
    """
    mapped = task.plan.mapped_group(task.node.group)
    group = mapped.id.rpartition(".")[0] if mapped is not None else task.node.group
    here = sum(node.mapped or 0 for node in task.plan.nodes if node.group == group)
    here += sum(found.mapped or 0 for found in task.plan.groups if found.id.rpartition(".")[0] == group)
    total = int(task.conf.get("numRuns") or first + here)
    if total > first + here:
        raise CompilationError(
            f"numRuns {total} needs {total - first} more trials, and a run of this DAG has {here}: "
            f"resume with numRuns {first + here} and then again, or raise numRuns in the file"
        )
    return total


def _enqueue(task: Task, around: Surroundings, sweep: str, first: int, matrix: Matrix) -> None:
    """Give the points of the trigger to the first trials of this dag run: each trial's task may be the one that does.

    Raises CompilationError if there are more points than trials.
    """
    points = task.conf.get(ENQUEUE)
    if not isinstance(points, list) or not points:
        return
    total = matrix.trials()
    if total is not None and first + len(points) > total:
        raise CompilationError(
            f"{len(points)} enqueued points do not fit into the {total - first} trials of this run. Raise numRuns"
        )
    if around.store.sweeps.suggestion(sweep, first + len(points) - 1) is None:
        for index, point in enumerate(points, first):
            around.store.sweeps.claim(sweep, index, point, {"kind": "enqueued"}, at=around.clock())
