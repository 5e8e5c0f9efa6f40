"""`kind: hyperopt`: hyperopt's own algorithms. Polyaxon dropped the kind in 2.17; here it stays."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Metric, Params, PositiveIntNoText, Tuner
from polyaxon_airflow.scalars import IntOrTemplate, Template


class Hyperopt(Matrix):
    """`{kind: hyperopt, algorithm: tpe, numRuns: 50, metric: {name: loss, optimization: minimize}, params: ...}`."""

    kind: Literal["hyperopt"]
    algorithm: Literal["tpe", "rand", "anneal"] | None = None  # unset means tpe
    params: Params | Template
    metric: Metric
    num_runs: PositiveIntNoText | None = None  # trials of one iteration
    max_iterations: IntOrTemplate | None = None
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
    tuner: Tuner | None = None
