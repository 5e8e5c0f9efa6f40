"""`policy: {kind: asha}`: not among the best 1/eta of those who came to this rung (beyond Polyaxon)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from polyaxon_airflow.early_stopping import Policy
from polyaxon_airflow.scalars import IntOrTemplate, PositiveIntOrTemplate


class Asha(Policy):
    """`{kind: asha, eta: 3, minInterval: 1}`: rungs at steps 1, 3, 9, 27, ... (Li et al. 2020, algorithm 2)."""

    kind: Literal["asha"]
    eta: Annotated[int, Field(ge=2)] = 3  # one of eta goes on from a rung to the next
    min_interval: PositiveIntOrTemplate = 1  # the step of the lowest rung
    min_samples: IntOrTemplate | None = None  # how many trials at a rung before anyone is stopped there
