"""`kind: logspace`: powers of a base whose exponents are evenly spaced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Spaced, too_large
from polyaxon_airflow.space.listed import Listed


class Exponents(Spaced):
    base: int | None = None  # unset means 10

    def problem(self) -> str | None:
        if self.base is not None and self.base <= 0:
            return f"needs a base above 0, got {self.base}"
        return super().problem() or too_large(max(self.start, self.stop) * math.log(self.base or 10))

    def powers(self) -> list[float]:
        base = 10.0 if self.base is None else float(self.base)
        return [base**exponent for exponent in self.numbers()]


class LogSpace(Listed):
    """`{kind: logspace, value: [-3, -1, 3]}` or `"-3:-1:3"`: 0.001, 0.01, 0.1. Start and stop are exponents."""

    kind: Literal["logspace"]
    value: Annotated[Exponents | str | None, OR_TEMPLATE] = None

    def doubt(self) -> str | None:
        if not isinstance(self.value, Exponents) or not 0 < self.value.start < self.value.stop < 1:
            return None
        numbers = self.value.powers()
        return f"takes exponents: these bounds mean {numbers[0]:.4g} to {numbers[-1]:.4g}"

    def values(self) -> Sequence[object]:
        return given(self.value).powers()
