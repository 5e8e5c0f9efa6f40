"""`kind: bayes`: a Gaussian process models the metric and says where to look next."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Metric, Params, Tuner
from polyaxon_airflow.scalars import IntOrTemplate, PositiveIntOrTemplate, Template
from polyaxon_airflow.section import Section


class GaussianProcess(Section):
    kernel: Literal["matern", "rbf"] | None = "matern"
    length_scale: float | None = 1.0
    nu: float | None = 1.5
    num_restarts_optimizer: int | None = 0


class UtilityFunction(Section):
    """How the next trial is picked from the model: `{acquisitionFunction: ucb, kappa: 2.5}`."""

    acquisition_function: Literal["ucb", "ei", "poi"] | None = "ucb"
    gaussian_process: GaussianProcess | None = None
    kappa: float | None = None  # ucb: standard deviations added to the mean
    eps: float | None = None  # ei, poi: how much better than the best, at least
    num_warmup: int | None = None  # random points that are scored
    num_iterations: int | None = None  # points that are refined from the best of those

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


def _uniform_or_listed(params: Params) -> Params:
    for name, space in params.items():
        if space.is_distribution and space.kind != "uniform":
            raise PydanticCustomError(
                "bayes_distribution",
                "'{name}' is a distribution that is not uniform ({kind}), which bayes does not model; use tpe",
                {"name": name, "kind": space.kind},
            )
    return params


class Bayes(Matrix):
    """`{kind: bayes, numInitialRuns: 10, maxIterations: 40, metric: ..., params: ..., utilityFunction: ...}`."""

    kind: Literal["bayes"]
    params: Annotated[Params, AfterValidator(_uniform_or_listed)]
    num_initial_runs: PositiveIntOrTemplate
    max_iterations: PositiveIntOrTemplate
    metric: Metric
    utility_function: UtilityFunction | None = None
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntOrTemplate | None = None
    tuner: Tuner | Template | None = None
