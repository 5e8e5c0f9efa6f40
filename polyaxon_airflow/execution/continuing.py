"""A trial that goes on from another one's artifacts, as with `resume: true` of hyperband (spec section 2.25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.runtimes.context import run_path
from polyaxon_airflow.sections.values import Artifacts

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings


def continued(literal: CompiledOperation, before: str, uuid: str, around: Surroundings) -> CompiledOperation:
    """The operation of run `uuid` with a first init step that brings the outputs of run `before` into its own.

    As it is where there is nothing to bring. What the run reports stays its own: metrics are not brought along.
    Raises FilesError if the artifacts store does not answer.
    """
    outputs = f"{before}/outputs"
    if around.artifacts is None or around.artifacts.open().stat(outputs) is None:
        around.log(f"run {before} left no outputs to continue from")
        return literal
    around.log(f"continuing from the outputs of run {before}")
    step = Init(artifacts=Artifacts(dirs=[[outputs, "outputs"]]), path=run_path(uuid))
    pods = {
        path: pod.model_copy(update={"init": [step, *(pod.init or ())]})
        for path, pod in literal.run.pods().items()
    }
    return literal.model_copy(update={"run": literal.run.with_pods(pods)})
