"""`kind: random`: params drawn at random, without repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from polyaxon_airflow.matrix import Params, Trial
from polyaxon_airflow.matrix.draws import draw
from polyaxon_airflow.matrix.fields import PositiveIntNoText, Spaces
from polyaxon_airflow.matrix.searched import Searched
from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate


class Random(Searched):
    """`{kind: random, numRuns: 20, seed: 7, params: {lr: {kind: loguniform, value: [-7, 0]}}}`."""

    learns: ClassVar[bool] = False

    kind: Literal["random"]
    params: Annotated[Spaces | str, OR_TEMPLATE]
    num_runs: PositiveIntNoText
    seed: IntOrTemplate | None = None
    concurrency: PositiveIntNoText | None = None

    def _trials(self) -> int:
        return self.at_most(self.num_runs)

    def _ask(self, index: int, _history: Sequence[Trial]) -> Params:
        return draw(self.spaces(), int(self.seed or 0), index)
