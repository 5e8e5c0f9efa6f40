"""`kind: linspace`: evenly spaced numbers, both ends included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Spaced
from polyaxon_airflow.space.listed import Listed


class LinSpace(Listed):
    """`{kind: linspace, value: [0, 1, 5]}` or `"0:1:5"`: 0.0, 0.25, 0.5, 0.75, 1.0."""

    kind: Literal["linspace"]
    value: Spaced | Template | None = None

    def values(self) -> Sequence[object]:
        return given(self.value).numbers()
