"""`kind: tpe`: tree-structured Parzen estimators (Bergstra et al. 2011), our own engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from polyaxon_airflow.matrix import Params, Trial
from polyaxon_airflow.matrix.adaptive import Search
from polyaxon_airflow.matrix.iterated import Iterated


class Tpe(Iterated):
    """`{kind: tpe, numRuns: 10, maxIterations: 5, metric: {name: loss, optimization: minimize}, params: ...}`."""

    kind: Literal["tpe"]

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        from polyaxon_airflow.search import tpe

        return Search(self.spaces(), int(self.seed or 0)).ask(index, history, self.metric, tpe.suggest)
