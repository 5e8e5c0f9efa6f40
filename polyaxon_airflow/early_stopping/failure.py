"""`kind: failure_early_stopping`: too many failed trials fail the sweep."""

from __future__ import annotations

from typing import Literal

from polyaxon_airflow.early_stopping import EarlyStopping
from polyaxon_airflow.scalars import FloatOrTemplate


class FailureEarlyStopping(EarlyStopping):
    """`{kind: failure_early_stopping, percent: 50}`."""

    kind: Literal["failure_early_stopping"]
    percent: FloatOrTemplate  # of the sweep's trials, 1 to 99
