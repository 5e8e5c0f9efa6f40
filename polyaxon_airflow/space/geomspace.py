"""`kind: geomspace`: numbers with a constant ratio, both ends included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.space import given
from polyaxon_airflow.space.bounds import Spaced
from polyaxon_airflow.space.listed import Listed

_ROUNDING = 1e-13  # relative: 10 ** 1.8061799739838869 is 63.999999999999986


class Ends(Spaced):
    def problem(self) -> str | None:
        if self.start * self.stop <= 0:
            return f"needs a start and a stop on the same side of 0, got {self.start} and {self.stop}"
        return super().problem()


class GeomSpace(Listed):
    """`{kind: geomspace, value: [1, 256, 5]}` or `"1:256:5"`: 1.0, 4.0, 16.0, 64.0, 256.0."""

    kind: Literal["geomspace"]
    value: Annotated[Ends | str | None, OR_TEMPLATE] = None

    def values(self) -> Sequence[object]:
        ends = given(self.value)
        sign = math.copysign(1, ends.start)
        logs = ends.model_copy(
            update={"start": math.log10(sign * ends.start), "stop": math.log10(sign * ends.stop)}
        )
        inner = [_whole(sign * 10**log) for log in logs.numbers()][1:-1]
        return [ends.start, *inner, ends.stop][: ends.num]


def _whole(number: float) -> float:
    """The whole number that rounding missed, if there is one: an `int` input would refuse what is left."""
    nearest = float(round(number))
    return nearest if math.isclose(number, nearest, rel_tol=_ROUNDING) else number
