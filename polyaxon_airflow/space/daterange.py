"""`kind: daterange`: every n-th day, the stop left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Count, Increasing
from polyaxon_airflow.space.listed import Listed


class Days(Increasing):
    has_text_form: ClassVar[bool] = False

    start: date
    stop: date
    step: Count  # days

    def problem(self) -> str | None:
        return None if self.step > 0 else "has a negative step, which leads nowhere"


class DateRange(Listed):
    """`{kind: daterange, value: [2024-01-01, 2024-01-10, 2]}`: ISO dates, `2024-01-01`, `2024-01-03`, ..."""

    io_types: ClassVar[frozenset[str] | None] = frozenset({"date"})

    kind: Literal["daterange"]
    value: Annotated[Days | str | None, OR_TEMPLATE] = None

    def values(self) -> Sequence[object]:
        days = given(self.value)
        return [
            (days.start + timedelta(days=offset)).isoformat()
            for offset in range(0, (days.stop - days.start).days, days.step)
        ]
