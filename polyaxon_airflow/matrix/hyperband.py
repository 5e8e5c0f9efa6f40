"""`kind: hyperband`: many trials with few resources, few trials with many (Li et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import NonNegativeFloat, StrictStr

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import NoSurvivor, Params, Problem, TooEarly, Trial
from polyaxon_airflow.matrix.brackets import Rung, Slot, brackets, slot
from polyaxon_airflow.matrix.draws import draw
from polyaxon_airflow.matrix.fields import Metric, Spaces, Tuner
from polyaxon_airflow.matrix.outcomes import PENDING, loss
from polyaxon_airflow.matrix.searched import Searched
from polyaxon_airflow.scalars import (
    OR_TEMPLATE,
    BoolOrTemplate,
    IntOrTemplate,
    PositiveInt,
    PositiveIntOrTemplate,
)
from polyaxon_airflow.section import Section


class Resource(Section):
    """`resource: {name: epochs, type: int}`: the param that says how much of it a trial may use."""

    name: StrictStr
    type: Literal["int", "float"] | None = None  # unset means float; int cuts fractions off

    def amount(self, resource: float) -> float:
        return math.floor(resource) if self.type == "int" else resource


class Hyperband(Searched):
    """`{kind: hyperband, maxIterations: 81, eta: 3, resource: {name: epochs, type: int}, metric: ..., params: ...}`.

    Trials are numbered bracket by bracket, each from its lowest rung up. A trial of a higher rung takes the
    params of a survivor of the rung below, and more of the resource.
    """

    kind: Literal["hyperband"]
    params: Annotated[Spaces | str | None, OR_TEMPLATE] = None
    max_iterations: PositiveInt | None = None  # R: the most resource that one trial gets
    eta: Annotated[NonNegativeFloat | str | None, OR_TEMPLATE] = (
        None  # one of so many trials goes on to the next rung
    )
    resource: Resource | None = None
    metric: Metric | None = None
    resume: BoolOrTemplate | None = None  # whether a trial that goes on continues from its artifacts
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntOrTemplate | None = None
    tuner: Tuner | None = None

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        needed = {
            "maxIterations": self.max_iterations,
            "eta": self.eta,
            "resource": self.resource,
            "metric": self.metric,
        }
        yield from (
            Problem((name,), "is missing, hyperband needs it")
            for name, value in needed.items()
            if value is None
        )
        if isinstance(self.eta, float) and self.eta <= 1:
            yield Problem(("eta",), f"must be above 1, got {self.eta:g}")

    def brackets(self) -> list[list[Rung]]:
        """The rungs of each bracket, most runs first, resources as the trials get them.

        >>> Hyperband(kind="hyperband", max_iterations=81, eta=3, resource={"name": "epochs", "type": "int"}).brackets()[1]
        [Rung(runs=34, resource=3), Rung(runs=11, resource=9), Rung(runs=3, resource=27), Rung(runs=1, resource=81)]
        """
        return [
            [Rung(rung.runs, self._resource().amount(rung.resource)) for rung in rungs]
            for rungs in self._exact_brackets()
        ]

    def slot(self, index: int) -> Slot:
        """The place of trial `index` in its bracket."""
        return slot(self.brackets(), index)

    def is_ready(self, index: int, history: Sequence[Trial]) -> bool:
        """Whether all trials of the rung below are over: skipped ones too have to be told of in `history`."""
        states = {trial.index: trial.state for trial in history}
        return all(states.get(below, "running") not in PENDING for below in self.slot(index).below)

    def parent(self, index: int, history: Sequence[Trial]) -> Trial | None:
        """The survivor of the rung below that goes on as trial `index`; None in the lowest rung.

        With `resume` the trial continues from its artifacts. Raises TooEarly while the rung below is running,
        NoSurvivor if fewer of its trials than this one's rank have a value.
        """
        place = self.slot(index)
        if not place.rung:
            return None
        if not self.is_ready(index, history):
            raise TooEarly(
                f"trials {place.below.start} to {place.below.stop - 1} must be done before trial {index}"
            )
        survivors = self._survivors(place.below, history)
        if place.rank >= len(survivors):
            raise NoSurvivor(
                f"only {len(survivors)} of {len(place.below)} trials of the rung below have a value for "
                f"'{self._metric().name}': none is left for place {place.rank + 1}"
            )
        return survivors[place.rank]

    def _trials(self) -> int:
        return sum(rung.runs for rungs in self._exact_brackets() for rung in rungs)

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        place = self.slot(index)
        parent = self.parent(index, history)
        params = (
            draw(self.spaces(), self._bracket_seed(place.bracket), place.rank)
            if parent is None
            else parent.params
        )
        return {**params, self._resource().name: place.resource}

    def _survivors(self, rung: range, history: Sequence[Trial]) -> list[Trial]:
        """Those with a value, best first; who was stopped early comes after all who ran to the end."""
        ranked = [
            (trial.state != "succeeded", loss(trial, self._metric()), trial.index, trial)
            for trial in history
            if trial.index in rung
        ]
        return [
            trial for _, loss_, _, trial in sorted(ranked, key=lambda row: row[:3]) if math.isfinite(loss_)
        ]

    def _bracket_seed(self, bracket: int) -> int:
        """Of its own, so that no bracket repeats another one's draws."""
        return int(self.seed or 0) + bracket

    def _exact_brackets(self) -> list[list[Rung]]:
        if self.max_iterations is None or not isinstance(self.eta, float):
            raise CompilationError("hyperband needs maxIterations and eta to have brackets")
        return brackets(self.max_iterations, self.eta)

    def _resource(self) -> Resource:
        if self.resource is None:
            raise CompilationError("hyperband needs a resource")
        return self.resource

    def _metric(self) -> Metric:
        if self.metric is None:
            raise CompilationError("hyperband needs a metric")
        return self.metric
