"""`kind: hyperopt`: hyperopt's own algorithms. Polyaxon dropped the kind in 2.17; here it stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.matrix import Params, Trial
from polyaxon_airflow.matrix.adaptive import Search
from polyaxon_airflow.matrix.iterated import Iterated

if TYPE_CHECKING:
    import numpy as np

    from polyaxon_airflow.search.cube import Array, Cube, Seen


class Hyperopt(Iterated):
    """`{kind: hyperopt, algorithm: tpe, numRuns: 50, metric: {name: loss, optimization: minimize}, params: ...}`.

    No params are tried twice, and choices of numbers are ordered to hyperopt.
    """

    kind: Literal["hyperopt"]
    algorithm: Literal["tpe", "rand", "anneal"] | None = None  # unset means tpe

    def _ask(self, index: int, history: Sequence[Trial]) -> Params:
        search = Search(self.spaces(), int(self.seed or 0), startup=0)
        return search.ask(index, history, self.metric, self._engine)

    def _engine(self, cube: Cube, seen: Seen, rng: np.random.Generator) -> Iterator[Array]:
        from polyaxon_airflow.search import hyperopt_library

        return hyperopt_library.suggest(cube, seen, rng, self.algorithm or "tpe")
