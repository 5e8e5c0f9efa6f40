"""`kind: hyperband`: many trials with few resources, few trials with many (Li et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple

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

    repeats: ClassVar[bool] = True

    kind: Literal["hyperband"]
    params: Annotated[Spaces | str | None, OR_TEMPLATE] = None
    max_iterations: PositiveInt | None = None  # R: the most resource that one trial gets
    eta: Annotated[NonNegativeFloat | str | None, OR_TEMPLATE] = (
        None  # one of so many goes on to the next rung
    )
    resource: Resource | None = None
    metric: Metric | None = None
    resume: BoolOrTemplate | None = None  # whether a trial that goes on continues from its artifacts
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntOrTemplate | None = None
    tuner: Tuner | None = None

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        needed = (self.max_iterations, self.eta, self.resource, self.metric)
        for name, value in zip(("maxIterations", "eta", "resource", "metric"), needed, strict=True):
            if value is None:
                yield Problem((name,), "is missing, hyperband needs it")
        if isinstance(self.eta, float) and self.eta <= 1:
            yield Problem(("eta",), f"must be above 1, got {self.eta:g}")

    def brackets(self) -> list[list[Rung]]:
        """The rungs of each bracket, most runs first, resources as the trials get them.

        >>> metric, resource = {"name": "loss", "optimization": "minimize"}, {"name": "epochs", "type": "int"}
        >>> search = Hyperband(kind="hyperband", max_iterations=81, eta=3, metric=metric, resource=resource, params={})
        >>> search.brackets()[1]
        [Rung(runs=34, resource=3), Rung(runs=11, resource=9), Rung(runs=3, resource=27), Rung(runs=1, resource=81)]
        """
        settings = self._settings()
        exact = brackets(settings.most, settings.eta)
        return [
            [Rung(rung.runs, settings.resource.amount(rung.resource)) for rung in rungs] for rungs in exact
        ]

    def slot(self, index: int) -> Slot:
        """The place of trial `index` in its bracket."""
        return slot(self.brackets(), index)

    def is_ready(self, index: int, history: Sequence[Trial]) -> bool:
        """Whether all trials of the rung below are over: `history` has to tell of skipped ones too."""
        states = {trial.index: trial.state for trial in history}
        return all(states.get(below, "running") not in PENDING for below in self.slot(index).below)

    def continues(self, index: int, history: Sequence[Trial]) -> int | None:
        parent = self.parent(index, history) if self.resume is True else None
        return None if parent is None else parent.index

    def parent(self, index: int, history: Sequence[Trial]) -> Trial | None:
        """The survivor of the rung below that goes on as trial `index`; None in the lowest rung.

        With `resume` the trial continues from its artifacts. Raises TooEarly while the rung below is running,
        NoSurvivor if fewer of its trials than this one's rank have a value.
        """
        place = self.slot(index)
        if not place.rung:
            return None
        if not self.is_ready(index, history):
            below = f"trials {place.below.start} to {place.below.stop - 1}"
            raise TooEarly(f"{below} must be done before trial {index}")
        survivors = self._survivors(place.below, history)
        if place.rank < len(survivors):
            return survivors[place.rank]
        raise NoSurvivor(
            f"only {len(survivors)} of {len(place.below)} trials of the rung below have a value for "
            f"'{self._settings().metric.name}': none is left for place {place.rank + 1}"
        )

    def _trials(self) -> int:
        return sum(rung.runs for rungs in self.brackets() for rung in rungs)

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        place = self.slot(index)
        parent = self.parent(index, history)
        params = self._drawn(place) if parent is None else parent.params
        return {**params, self._settings().resource.name: place.resource}

    def _drawn(self, place: Slot) -> Params:
        """From a seed of the bracket's own, so that no bracket repeats another one's draws."""
        return draw(self.spaces(), int(self.seed or 0) + place.bracket, place.rank)

    def _survivors(self, rung: range, history: Sequence[Trial]) -> list[Trial]:
        """Those with a value, best first; who was stopped early comes after all who ran to the end."""
        metric = self._settings().metric
        valued = [trial for trial in history if trial.index in rung and math.isfinite(loss(trial, metric))]
        return sorted(
            valued, key=lambda trial: (trial.state != "succeeded", loss(trial, metric), trial.index)
        )

    def _settings(self) -> _Settings:
        most, eta, resource, metric = self.max_iterations, self.eta, self.resource, self.metric
        if most is None or not isinstance(eta, float) or resource is None or metric is None:
            raise CompilationError("hyperband needs maxIterations, eta, resource and metric")
        return _Settings(most, eta, resource, metric)


class _Settings(NamedTuple):
    """The fields without which there are no brackets; the schema leaves them out."""

    most: int  # the paper's R
    eta: float
    resource: Resource
    metric: Metric
