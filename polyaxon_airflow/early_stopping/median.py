"""`policy: {kind: median}`: worse than half of the others were on average."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import Policy
from polyaxon_airflow.scalars import IntOrTemplate


class Median(Policy):
    """`{kind: median, evaluationInterval: 1, minInterval: 4, minSamples: 3}`."""

    kind: Literal["median"]
    evaluation_interval: IntOrTemplate = 1  # steps between two looks at a trial
    min_interval: IntOrTemplate | None = None  # the first step at which a trial is judged
    min_samples: IntOrTemplate | None = None  # how many trials to compare with, at least
