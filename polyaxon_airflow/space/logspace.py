"""`kind: logspace`: powers of a base whose exponents are evenly spaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Spaced
from polyaxon_airflow.space.listed import Listed

DECIMAL = 10


class Exponents(Spaced):
    base: int | None = None


class LogSpace(Listed):
    """`{kind: logspace, value: [-3, -1, 3]}` or `"-3:-1:3"`: 0.001, 0.01, 0.1. Start and stop are exponents."""

    kind: Literal["logspace"]
    value: Exponents | Template | None = None

    def values(self) -> Sequence[object]:
        exponents = given(self.value)
        base = DECIMAL if exponents.base is None else exponents.base
        return [float(base) ** exponent for exponent in exponents.numbers()]
