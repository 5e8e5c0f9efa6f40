"""`kind: tpe`: tree-structured Parzen estimators (Bergstra et al. 2011), our own engine."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Metric, Params, PositiveIntNoText, Tuner
from polyaxon_airflow.scalars import IntOrTemplate, Template


class Tpe(Matrix):
    """`{kind: tpe, numRuns: 10, maxIterations: 5, metric: {name: loss, optimization: minimize}, params: ...}`."""

    kind: Literal["tpe"]
    params: Params | Template
    metric: Metric
    num_runs: PositiveIntNoText | None = None  # trials of one iteration
    max_iterations: IntOrTemplate | None = None
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
    tuner: Tuner | None = None
