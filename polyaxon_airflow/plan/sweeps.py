"""The tasks of a sweep: its mapped trials, and the task that names the best of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.matrix.hyperband import Hyperband
from polyaxon_airflow.matrix.iterative import Iterative
from polyaxon_airflow.plan import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.matrix import Matrix


def sweep_nodes(compiled: CompiledOperation, model: Node, rounds: list[Node] | None = None) -> list[Node]:
    """The nodes of a sweep, the best last. `model`: a trial's node, of which all are copies; `rounds`: of a tuner's.

    Raises CompilationError for a matrix that cannot run.
    """
    matrix = compiled.matrix
    assert matrix is not None  # noqa: S101 - only sweeps come here
    concurrency = getattr(matrix, "concurrency", None)
    model = replace(model, concurrency=concurrency if isinstance(concurrency, int) else None)
    trials = rounds if rounds is not None else _trials(matrix, model)
    mapped = [node for node in trials if node.kind == "trial"]
    best = Node(
        id=f"{model.group}.best",
        kind="best",
        operation=model.operation,
        upstream=tuple(node.id for node in mapped),
        group=model.group,
        trigger="all_done",
        decides=True,
        details={
            "trials": [node.id for node in mapped],
            "makers": [node.id for node in trials if node.kind in ("values", "tuner")],
        },
    )
    return [*trials, best]


def trials_of_dags(compiled: CompiledOperation) -> int | None:
    """The number of trials of a sweep over a dag; None if the run tells.

    Raises CompilationError for what Airflow cannot map: hyperband's rungs, and in the dag, what is mapped itself or
    waits for events.
    """
    matrix = compiled.matrix
    assert matrix is not None  # noqa: S101 - only sweeps come here
    if isinstance(matrix, (Hyperband, Iterative)):
        message = f"a sweep over a dag runs its trials side by side, and {matrix.kind} needs them in rounds"
        raise _refused(message, "Use tpe, bayes or random.", ("matrix", "kind"))
    for name, operation in _inside(compiled):
        if operation.matrix is not None:
            message = f"operation '{name}' is a sweep in a dag that is swept over, and Airflow maps no task in a mapped group"
            raise _refused(message, f"Give the params of '{name}' to the outer matrix.", ("matrix",))
        if operation.events:
            message = f"operation '{name}' waits for events, which cannot tell the trials of a sweep apart"
            raise _refused(message, "Use dependencies and a trigger.", ("matrix",))
    try:
        return matrix.trials()
    except CompilationError as error:
        raise CompilationError([Fault(str(error), path=("matrix",), rule="matrix")]) from error


def _inside(compiled: CompiledOperation) -> Iterator[tuple[str, CompiledOperation]]:
    for node in compiled.nodes or ():
        yield node.name, node.operation
        yield from _inside(node.operation)


def _refused(message: str, suggestion: str, path: tuple[str, ...]) -> CompilationError:
    return CompilationError([Fault(message, path=path, suggestion=suggestion, rule="matrix")])


def _trials(matrix: Matrix, model: Node) -> list[Node]:
    try:
        count = matrix.trials()
    except CompilationError as error:
        raise CompilationError([Fault(str(error), path=("matrix",), rule="matrix")]) from error
    if count is None:
        return _as_many_as_the_run_tells(model)
    if isinstance(matrix, Hyperband):
        return _rungs(matrix, model)
    return [replace(model, mapped=count)]


def _as_many_as_the_run_tells(model: Node) -> list[Node]:
    """A matrix with templates: a task fills them in, and gives the list that the trials are mapped over."""
    alone = replace(model, concurrency=None, max_retries=0, most_retries=0, timeout=None)
    values = replace(alone, id=f"{model.group}.values", kind="values")
    return [values, replace(model, upstream=(values.id,), mapped_over=values.id)]


def _rungs(matrix: Hyperband, model: Node) -> list[Node]:
    """A mapped task a rung, each after the one below it. Brackets come one after another, as in Polyaxon, so that
    `concurrency` holds for all of them together; without a limit they run side by side.
    """
    nodes: list[Node] = []
    first = 0
    for bracket, rungs in enumerate(matrix.brackets()):
        before = nodes[-1:] if model.concurrency is not None else []
        for rung, (runs, _) in enumerate(rungs):
            upstream = tuple(node.id for node in before) or model.upstream
            node = replace(
                model,
                id=f"{model.group}.bracket_{bracket}_rung_{rung}",
                upstream=upstream,
                trigger="all_done" if before else model.trigger,
                decides=bool(before),
                mapped=runs,
                first_index=first,
            )
            nodes.append(node)
            before, first = [node], first + runs
    return nodes
