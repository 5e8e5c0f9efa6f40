"""`kind: hyperband`: many trials with few resources, few trials with many (Li et al. 2018)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Metric, Params, Tuner
from polyaxon_airflow.scalars import (
    BoolOrTemplate,
    IntOrTemplate,
    PositiveInt,
    PositiveIntOrTemplate,
    Template,
)
from polyaxon_airflow.section import Section


class Resource(Section):
    """`resource: {name: epochs, type: int}`: the param that says how much of it a trial may use."""

    name: StrictStr
    type: Literal["int", "float"] | None = None  # unset means int if all resources are whole


class Hyperband(Matrix):
    """`{kind: hyperband, maxIterations: 81, eta: 3, resource: {name: epochs, type: int}, metric: ..., params: ...}`."""

    kind: Literal["hyperband"]
    params: Params | Template | None = None
    max_iterations: PositiveInt | None = None  # R: the most resource that one trial gets
    eta: Annotated[float, Field(ge=0)] | Template | None = None  # one of eta trials goes on to the next rung
    resource: Resource | None = None
    metric: Metric | None = None
    resume: BoolOrTemplate | None = None  # whether a trial that goes on continues from its artifacts
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntOrTemplate | None = None
    tuner: Tuner | None = None
