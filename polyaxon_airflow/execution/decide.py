"""`decide`: whether an operation starts, once its upstreams are far enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.compiler import RunContext
from polyaxon_airflow.compiler.conditions import evaluate
from polyaxon_airflow.plan.triggers import decide

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.family import Upstreams
    from polyaxon_airflow.execution.task import Status
    from polyaxon_airflow.plan import Node


class HeldBack(NamedTuple):
    """An operation that does not start."""

    status: Status
    reason: str


def held_back_by_upstreams(node: Node, compiled: CompiledOperation, upstreams: Upstreams) -> HeldBack | None:
    """What the trigger says, when it is the task's to decide. Where no event came, only a trigger of the file starts."""
    if not node.decides:
        return None
    if upstreams.missed and compiled.trigger is None:
        return HeldBack("skipped", upstreams.missed)
    statuses = upstreams.statuses
    skip = bool(compiled.skip_on_upstream_skip)
    verdict = decide(node.trigger, list(statuses.values()), skip_on_upstream_skip=skip)
    told = ", ".join(f"{name} {status}" for name, status in statuses.items())
    if verdict == "skip":
        return HeldBack("skipped", f"an upstream was skipped ({told})")
    if verdict == "upstream_failed":
        return HeldBack("upstream_failed", f"trigger {node.trigger} does not hold ({told})")
    return None


def held_back_by_condition(compiled: CompiledOperation, condition: str | None) -> HeldBack | None:
    """What the condition of `compiled` says, which is `condition` without a template left.

    Raises CompilationError if it is no boolean.
    """
    if condition is None or evaluate(condition, RunContext()):
        return None
    return HeldBack("skipped", f"its condition {compiled.conditions} is {condition}")
