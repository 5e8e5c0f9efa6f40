"""`policy: {kind: diff}`: further from the best than a percentage."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import Policy
from polyaxon_airflow.scalars import FloatOrTemplate, IntOrTemplate


class Diff(Policy):
    """`{kind: diff, percent: 10, evaluationInterval: 1, minInterval: 4, minSamples: 3}`."""

    kind: Literal["diff"]
    percent: FloatOrTemplate  # of the best value's size
    evaluation_interval: IntOrTemplate  # steps between two looks at a trial
    min_interval: IntOrTemplate | None = None  # the first step at which a trial is judged
    min_samples: IntOrTemplate | None = None  # how many trials to compare with, at least
