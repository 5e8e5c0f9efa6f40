"""`kind: bayes`: a Gaussian process models the metric and says where to look next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.matrix import Params, Trial
from polyaxon_airflow.matrix.adaptive import Search
from polyaxon_airflow.matrix.fields import Metric, Spaces, Tuner
from polyaxon_airflow.matrix.searched import Searched
from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate, PositiveIntOrTemplate
from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    import numpy as np

    from polyaxon_airflow.search.acquisition import Acquisition
    from polyaxon_airflow.search.bayes import Options
    from polyaxon_airflow.search.cube import Array, Cube, Seen


class GaussianProcess(Section):
    kernel: Literal["matern", "rbf"] | None = "matern"
    length_scale: float | None = 1.0  # of the unit cube: where the fit starts, besides at our prior
    nu: float | None = 1.5  # of matern, taken as the nearest of 0.5, 1.5 and 2.5
    num_restarts_optimizer: int | None = 0  # further starts of the fit, at random


class UtilityFunction(Section):
    """How the next trial is picked from the model: `{acquisitionFunction: ucb, kappa: 2.5}`."""

    acquisition_function: Literal["ucb", "ei", "poi"] | None = "ucb"
    gaussian_process: GaussianProcess | None = None  # unset means matern with nu 2.5
    kappa: float | None = None  # ucb: standard deviations below the mean
    eps: float | None = None  # ei, poi: how much better than the best, at least, in units of the metric
    num_warmup: int | None = None  # random points that are scored, if more than ours
    num_iterations: int | None = None  # read for Polyaxon's sake: our climb from there has a fixed length

    @model_validator(mode="after")
    def _parameter_is_given(self) -> UtilityFunction:
        needed = {"ucb": "kappa", "ei": "eps", "poi": "eps"}.get(self.acquisition_function or "")
        if needed and getattr(self, needed) is None:
            raise PydanticCustomError(
                "utility_parameter",
                "the acquisition function '{function}' needs '{needed}'",
                {"function": self.acquisition_function, "needed": needed},
            )
        return self

    def options(self) -> Options:
        """The settings of the search engine."""
        from polyaxon_airflow.search import bayes, kernels

        process = self.gaussian_process or GaussianProcess(nu=2.5)
        return bayes.Options(
            kernel=kernels.rbf() if process.kernel == "rbf" else kernels.matern(process.nu or 1.5),
            acquisition=self._acquisition,
            lengths=(process.length_scale,) if process.length_scale and process.length_scale > 0 else (),
            restarts=max(0, process.num_restarts_optimizer or 0),
            candidates=max(_CANDIDATES, self.num_warmup or 0),
        )

    def _acquisition(self, unit: float) -> Acquisition:
        from polyaxon_airflow.search import acquisition

        if self.acquisition_function == "ei":
            return acquisition.expected_improvement((self.eps or 0) / unit)
        if self.acquisition_function == "poi":
            return acquisition.probability_of_improvement((self.eps or 0) / unit)
        return acquisition.confidence_bound(self.kappa or 0)


_DEFAULT = UtilityFunction(acquisition_function="ei", eps=0)
_CANDIDATES = 1000
_MANY_TRIALS = 300
_MANY_FEATURES = 32


def _uniform_or_listed(params: Spaces) -> Spaces:
    for name, space in params.items():
        if space.is_distribution and space.kind != "uniform":
            raise PydanticCustomError(
                "bayes_distribution",
                "'{name}' is a distribution that is not uniform ({kind}), which bayes does not model; use tpe",
                {"name": name, "kind": space.kind},
            )
    return params


class Bayes(Searched):
    """`{kind: bayes, numInitialRuns: 10, maxIterations: 40, metric: ..., params: ..., utilityFunction: ...}`.

    The first numInitialRuns trials spread over the space, each of maxIterations more learns from all before it.
    """

    kind: Literal["bayes"]
    params: Annotated[Spaces, AfterValidator(_uniform_or_listed)]
    num_initial_runs: PositiveIntOrTemplate
    max_iterations: PositiveIntOrTemplate
    metric: Metric
    utility_function: UtilityFunction | None = None  # unset means ei with eps 0
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntOrTemplate | None = None
    tuner: Annotated[Tuner | str | None, OR_TEMPLATE] = None

    def _trials(self) -> int:
        return self.at_most(int(self.num_initial_runs) + int(self.max_iterations))

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        search = Search(self.spaces(), int(self.seed or 0), startup=int(self.num_initial_runs))
        return search.ask(index, history, self.metric, self._engine)

    def _engine(self, cube: Cube, seen: Seen, rng: np.random.Generator) -> Array:
        """The Gaussian process, and TPE where one would cost too much: its time grows with the cube of the trials."""
        from polyaxon_airflow.search import bayes, tpe

        if len(seen.losses) > _MANY_TRIALS or cube.features(seen.points).shape[1] > _MANY_FEATURES:
            return tpe.suggest(cube, seen, rng)
        return bayes.suggest(cube, seen, rng, (self.utility_function or _DEFAULT).options())
