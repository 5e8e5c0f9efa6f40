"""`kind: datetimerange`: times with a constant step between them, the stop left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Increasing
from polyaxon_airflow.space.listed import Listed


def _not_zero(step: timedelta) -> timedelta:
    if not step:
        raise PydanticCustomError("bounds_zero", "must not be 0")
    return step


class Times(Increasing):
    has_text_form: ClassVar[bool] = False

    start: datetime
    stop: datetime
    step: Annotated[
        timedelta, AfterValidator(_not_zero), PlainSerializer(timedelta.total_seconds)
    ]  # YAML: seconds

    def problem(self) -> str | None:
        return None if self.step > timedelta(0) else "has a negative step, which leads nowhere"


class DateTimeRange(Listed):
    """`{kind: datetimerange, value: [2024-01-01T10:00, 2024-01-01T16:00, 3600]}`: ISO times, an hour apart."""

    io_types: ClassVar[frozenset[str] | None] = frozenset({"datetime"})

    kind: Literal["datetimerange"]
    value: Annotated[Times | str | None, OR_TEMPLATE]

    def values(self) -> Sequence[object]:
        times = given(self.value)
        count = math.ceil((times.stop - times.start) / times.step)
        return [(times.start + k * times.step).isoformat() for k in range(count)]
