"""The tasks of a sweep: mapped trials, in one wave or in rungs, and the task that names the best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyaxon_airflow.plan import Node

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation


def sweep_nodes(compiled: CompiledOperation, model: Node) -> list[Node]:
    """The nodes of a sweep, the best last. `model`: a trial's node, of which all are copies."""
    matrix = compiled.matrix
    assert matrix is not None  # noqa: S101 - only sweeps come here
    concurrency = getattr(matrix, "concurrency", None)
    trial = replace(
        model, mapped=matrix.trials() or 0, concurrency=concurrency if isinstance(concurrency, int) else None
    )
    best = Node(
        id=f"{model.group}.best",
        kind="best",
        operation=model.operation,
        upstream=(trial.id,),
        group=model.group,
        trigger="all_done",
        decides=True,
        details={"trials": [trial.id]},
    )
    return [trial, best]
