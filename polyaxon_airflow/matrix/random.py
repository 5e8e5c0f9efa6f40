"""`kind: random`: params drawn at random, without repeats."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Params, PositiveIntNoText
from polyaxon_airflow.scalars import IntOrTemplate, Template


class Random(Matrix):
    """`{kind: random, numRuns: 20, seed: 7, params: {lr: {kind: loguniform, value: [-7, 0]}}}`."""

    kind: Literal["random"]
    params: Params | Template
    num_runs: PositiveIntNoText
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None
