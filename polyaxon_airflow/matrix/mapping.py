"""`kind: mapping`: the params of every trial, written out or taken from an upstream's list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from polyaxon_airflow.matrix import Matrix, Params, Trial
from polyaxon_airflow.scalars import OR_TEMPLATE, PositiveInt
from polyaxon_airflow.space.identity import plain


class Mapping(Matrix):
    """`{kind: mapping, values: [{lr: 0.1}, {lr: 0.01, depth: 3}]}`."""

    learns: ClassVar[bool] = False
    repeats: ClassVar[bool] = True

    kind: Literal["mapping"]
    values: Annotated[list[dict[Any, Any]] | str, OR_TEMPLATE]
    concurrency: PositiveInt | None = None

    def _trials(self) -> int:
        return len(self.values)

    def _ask(self, index: int, _history: Sequence[Trial]) -> Params:
        return {str(name): plain(value) for name, value in self._rows()[index].items()}

    def _rows(self) -> list[dict[Any, Any]]:
        return self.values if isinstance(self.values, list) else []
