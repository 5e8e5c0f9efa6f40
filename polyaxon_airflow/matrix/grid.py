"""`kind: grid`: every combination of the listed values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.matrix import Params, Trial
from polyaxon_airflow.matrix.fields import PositiveIntNoText, Spaces
from polyaxon_airflow.matrix.searched import Searched
from polyaxon_airflow.space.listed import Listed


def _only_lists(params: Spaces) -> Spaces:
    for name, space in params.items():
        if space.is_distribution:
            raise PydanticCustomError(
                "grid_distribution",
                "'{name}' is a distribution ({kind}), which a grid cannot walk through",
                {"name": name, "kind": space.kind},
            )
    return params


class Grid(Searched):
    """`{kind: grid, params: {lr: {kind: choice, value: [0.1, 0.01]}, depth: {kind: range, value: "1:4:1"}}}`.

    Params in the order of the file, the last one changing fastest, as hypertune walks.
    """

    learns: ClassVar[bool] = False

    kind: Literal["grid"]
    params: Annotated[Spaces, AfterValidator(_only_lists)]
    num_runs: PositiveIntNoText | None = None  # the first so many of them
    concurrency: PositiveIntNoText | None = None

    def _trials(self) -> int:
        combinations = math.prod(len(values) for values in self._lists().values())
        return min(combinations, self.num_runs or combinations)

    def _ask(self, index: int, _history: Sequence[Trial]) -> Params:
        params: Params = {}
        for name, values in reversed(self._lists().items()):
            index, place = divmod(index, len(values))
            params[name] = values[place]
        return dict(reversed(params.items()))

    def _lists(self) -> dict[str, Sequence[object]]:
        return {name: space.values() for name, space in self.params.items() if isinstance(space, Listed)}
