"""Tree-structured Parzen estimators, multivariate (Bergstra et al. 2011; Falkner et al. 2018; Watanabe 2023).

Points with the best losses and all others make a mixture each; what the good ones favour over the others is
tried. Of the good ones the better count more. Only the order of losses matters, so that any monotone change of the
metric changes nothing.
"""

from __future__ import annotations

import math

import numpy as np

from polyaxon_airflow.search.cube import Array, Cube, Seen
from polyaxon_airflow.search.parzen import Mixture, by_age, by_rank

_GOOD = 0.1  # share of the points that are good,
_MOST_GOOD = 25  # so many at most
_CANDIDATES = 24


def suggest(cube: Cube, seen: Seen, rng: np.random.Generator) -> Array:
    """Points to try, the most promising first.

    Pending points count as bad until they are known better, so that trials side by side keep off each other.
    """
    good_count = min(math.ceil(_GOOD * len(seen.losses)), _MOST_GOOD)
    order = np.argsort(seen.losses, kind="stable")
    good = Mixture(cube, seen.points[order[:good_count]], by_rank(good_count))
    bad = np.vstack([seen.points[np.sort(order[good_count:])], seen.pending])
    others = Mixture(cube, bad, by_age(len(bad)))
    candidates = good.sample(_CANDIDATES, rng)
    favour = good.log_density(candidates) - others.log_density(candidates)
    return candidates[np.argsort(-favour, kind="stable")]
