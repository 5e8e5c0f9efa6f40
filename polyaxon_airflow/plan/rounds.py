"""The tasks of a sweep whose trials a tuner of the user's suggests: round by round, the tuner and then its trials."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.plan.attached import attached, component_of

if TYPE_CHECKING:
    from polyaxon_airflow.matrix.iterative import Iterative
    from polyaxon_airflow.plan import Node
    from polyaxon_airflow.plan.attached import Attached
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.library import Library

GIVEN = ("matrix", "iteration", "configs", "metrics", "trials", "history")
"""Names of the values that a tuner's component gets; the first four are Polyaxon's (spec section 4.1)."""


class PlannedRounds(NamedTuple):
    """The tasks of all rounds, and the operation that each tuner runs."""

    nodes: list[Node]
    tuner: Attached


def tuner_path(operation: str) -> str:
    """The path of a tuner's operation: no dag has a node of such a name."""
    return f"{operation}/tuner"


def planned_rounds(matrix: Iterative, model: Node, deployment: Deployment, library: Library) -> PlannedRounds:
    """The rounds of a sweep. `model`: a trial's node.

    Raises CompilationError if there is no tuner, or if its params do not fit its component.
    """
    at = ("matrix", "tuner")
    if matrix.tuner is None:
        suggestion = "Write 'tuner: {hubRef: NAME}', a component that gives the output 'suggestions'."
        raise CompilationError(
            [Fault("iterative needs a tuner", path=at, suggestion=suggestion, rule="matrix")]
        )
    reading = component_of(matrix.tuner, library, at)
    tuner = attached(matrix.tuner, reading, deployment, library, GIVEN, at=at)
    asking = replace(
        model,
        kind="tuner",
        operation=tuner_path(model.operation),
        concurrency=None,
        **deployment.demands(tuner.compiled),
    )
    nodes: list[Node] = []
    for number in range(matrix.max_iterations):
        details = {"of": model.operation, "iteration": number}
        ask = replace(asking, id=f"{model.group}.round_{number}_tuner", details=details)
        if nodes:
            ask = replace(ask, upstream=(nodes[-1].id,), trigger="all_done", decides=True)
        trials = replace(model, id=f"{model.group}.round_{number}", upstream=(ask.id,), mapped_over=ask.id)
        nodes += [ask, trials]
    return PlannedRounds(nodes, tuner)
