"""Numbers that Airflow's scheduler orders waiting tasks by (`priority_weight`: the larger starts first).

    1_000_001 ... 2_000_000   starts next: written by the queue keeper, in fair order
    1                         the first trial of a sweep, and tasks that are no trials; like any task of Airflow
    1 - 100_000 k / weight    trial k of a sweep: it competes with trial k of the others

The column has 32 bits; what does not fit is equal, and then Airflow goes by map index.
"""

from __future__ import annotations

NEXT = 2_000_000  # of the task that starts first of all
NEXT_LEAST = 1_000_001
_STEP = 100_000
_LEAST = -(2**31)


def at_creation(map_index: int, weight: float = 1) -> int:
    """The weight of a task that nobody has put in order yet.

    >>> at_creation(-1), at_creation(0), at_creation(1), at_creation(3, weight=3)
    (1, 1, -99999, -99999)
    """
    return max(_LEAST, 1 - round(_STEP * max(map_index, 0) / weight))


def is_next(weight: int) -> bool:
    """Whether the keeper has put this task among those that start next."""
    return weight >= NEXT_LEAST
