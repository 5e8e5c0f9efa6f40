"""`kind: iterative`: rounds of trials, suggested by a tuner container of the user's."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Params, PositiveIntNoText, Tuner
from polyaxon_airflow.scalars import IntOrTemplate, Template


class Iterative(Matrix):
    """`{kind: iterative, maxIterations: 5, tuner: {hubRef: my-tuner}, params: ...}`."""

    kind: Literal["iterative"]
    params: Params | Template | None = None
    max_iterations: PositiveIntNoText
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
    tuner: Tuner | None = None
