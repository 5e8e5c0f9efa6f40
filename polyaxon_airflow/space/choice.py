"""`kind: choice`: one of the listed items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from polyaxon_airflow.scalars import Template
from polyaxon_airflow.space import given
from polyaxon_airflow.space.listed import Listed


class Choice(Listed):
    """`{kind: choice, value: [16, 32, 64]}`."""

    io_types: ClassVar[frozenset[str] | None] = None

    kind: Literal["choice"]
    value: list[Any] | Template | None

    def values(self) -> Sequence[object]:
        return given(self.value)
