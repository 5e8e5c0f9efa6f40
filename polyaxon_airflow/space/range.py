"""`kind: range`: evenly stepped numbers, the stop left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Increasing, Step
from polyaxon_airflow.space.listed import Listed


class Steps(Increasing):
    start: float
    stop: float
    step: Step

    def problem(self) -> str | None:
        return None if self.step > 0 else "has a negative step, which leads nowhere"


class Range(Listed):
    """`{kind: range, value: [1, 5, 1]}` or `"1:5:1"`: 1.0, 2.0, 3.0, 4.0.

    Numbers are floats, as `numpy.arange` gives them to Polyaxon; an `int` input makes them whole again.
    """

    kind: Literal["range"]
    value: Annotated[Steps | str | None, OR_TEMPLATE] = None

    def values(self) -> Sequence[object]:
        steps = given(self.value)
        count = math.ceil((steps.stop - steps.start) / steps.step)
        delta = (steps.start + steps.step) - steps.start  # numpy's, so that sums of tenths come out alike
        return [steps.start + k * delta for k in range(count)]
