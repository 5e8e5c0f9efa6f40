"""Reuse of an earlier run's results (spec section 3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import TemporaryRunnerError
from polyaxon_airflow.execution.cloning import is_cloning
from polyaxon_airflow.points import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings, Task
    from polyaxon_airflow.sections.cache import Cache
    from polyaxon_airflow.store import Curve, Run

STALE_AFTER = 90.0  # seconds without a sign of life, after which a run is not waited for
LOOK_EVERY = 0.5  # seconds between looks at a run that is waited for


@dataclass(frozen=True)
class Reuse:
    """Whether a run may take the results of an earlier one that did the same."""

    task: Task
    around: Surroundings

    def original(self, literal: CompiledOperation, key: str | None, run: Run) -> Run | None:
        """The run to take results from; None if this run has to execute. `key`: see `compiler.cache_key`.

        While an identical run executes, it is waited for: of two that start at once, one does the work. Raises
        TemporaryRunnerError if the task must end meanwhile.
        """
        if key is None:
            return None
        cache = section_of(literal)
        while True:
            claim = self.around.store.cache.claim(
                run.uuid,
                key,
                at=self.around.clock(),
                ttl=float(cache.ttl) if cache is not None and isinstance(cache.ttl, int) else None,
                stale_after=STALE_AFTER,
                bypass=self.task.identity.generation > 0 or is_cloning(self.task),
            )
            if claim.outcome != "wait":
                return claim.original
            if (reason := self.around.interrupted()) is not None:
                raise TemporaryRunnerError(reason)
            self.around.sleep(LOOK_EVERY)


def is_on(literal: CompiledOperation, run: Run) -> bool:
    """As the file says; where it says nothing, inside of pipelines."""
    cache = section_of(literal)
    if cache is not None and isinstance(cache.disable, bool):
        return not cache.disable
    return run.pipeline is not None


def points_of(curves: Iterable[Curve]) -> list[Point]:
    """The points of curves, for the run that takes them over: policies compare it as if it had executed."""
    return [
        Point(curve.metric, step, value, at)
        for curve in curves
        for step, value, at in zip(curve.steps, curve.values, curve.times, strict=True)
    ]


def section_of(literal: CompiledOperation) -> Cache | None:
    """`cache`, which a literal operation has no template in place of."""
    return None if isinstance(literal.cache, str) else literal.cache
