"""`kind: grid`: every combination of the listed values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.matrix import Matrix
from polyaxon_airflow.matrix.fields import Params, PositiveIntNoText


def _only_lists(params: Params) -> Params:
    for name, space in params.items():
        if space.is_distribution:
            raise PydanticCustomError(
                "grid_distribution",
                "'{name}' is a distribution ({kind}), which a grid cannot walk through",
                {"name": name, "kind": space.kind},
            )
    return params


class Grid(Matrix):
    """`{kind: grid, params: {lr: {kind: choice, value: [0.1, 0.01]}, depth: {kind: range, value: "1:4:1"}}}`."""

    kind: Literal["grid"]
    params: Annotated[Params, AfterValidator(_only_lists)]
    num_runs: PositiveIntNoText | None = None  # the first so many of them
    concurrency: PositiveIntNoText | None = None
