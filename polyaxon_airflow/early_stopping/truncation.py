"""`policy: {kind: truncation}`: among the worst percentage of the trials."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import Policy
from polyaxon_airflow.scalars import BoolOrTemplate, FloatOrTemplate, IntOrTemplate


class Truncation(Policy):
    """`{kind: truncation, percent: 20, evaluationInterval: 4, minInterval: 4, includeSucceeded: true}`."""

    kind: Literal["truncation"]
    percent: FloatOrTemplate  # of the trials that are compared
    evaluation_interval: IntOrTemplate  # steps between two looks at a trial
    min_interval: IntOrTemplate | None = None  # the first step at which a trial is judged
    min_samples: IntOrTemplate | None = None  # how many trials to compare with, at least
    include_succeeded: BoolOrTemplate | None = (
        None  # whether finished trials are compared too; unset means yes
    )
