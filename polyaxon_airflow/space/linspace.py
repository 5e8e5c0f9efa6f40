"""`kind: linspace`: evenly spaced numbers, both ends included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Spaced
from polyaxon_airflow.space.listed import Listed


class LinSpace(Listed):
    """`{kind: linspace, value: [0, 1, 5]}` or `"0:1:5"`: 0.0, 0.25, 0.5, 0.75, 1.0."""

    kind: Literal["linspace"]
    value: Annotated[Spaced | str | None, OR_TEMPLATE] = None

    def values(self) -> Sequence[object]:
        return given(self.value).numbers()
