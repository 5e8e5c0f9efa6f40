"""`kind: mapping`: the params of every trial, written out or taken from an upstream's list."""

from __future__ import annotations

from typing import Any, Literal

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.scalars import PositiveInt, Template


class Mapping(Matrix):
    """`{kind: mapping, values: [{lr: 0.1}, {lr: 0.01, depth: 3}]}`."""

    kind: Literal["mapping"]
    values: list[dict[Any, Any]] | Template
    concurrency: PositiveInt | None = None
