"""The numbers that bound a space, in the forms that Polyaxon reads: a list, `low:high` text, a mapping."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, StrictFloat, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_LARGEST = math.log(sys.float_info.max)


class Bounds(Section):
    """A section of numbers that is also read from a list of them, in order, and from `a:b:c` text.

    As in Polyaxon: what a list or text has beyond the fields is cut off (corpus README, oddity 21).
    """

    has_text_form: ClassVar[bool] = True

    def problem(self) -> str | None:
        """Why nothing lies between these bounds, although Polyaxon accepts them; or None."""
        return None

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: Any) -> Any:
        if isinstance(value, str) and cls.has_text_form and ":" in value:
            value = value.split(":")
        if isinstance(value, list):
            return dict(zip(cls.model_fields, value, strict=False))
        if isinstance(value, str):
            raise PydanticCustomError("bounds", "expects {forms}", {"forms": cls._forms()})
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        short = [{"type": "array"}, {"type": "string"}] if cls.has_text_form else [{"type": "array"}]
        return {"anyOf": [handler(schema), *short]}

    @classmethod
    def _forms(cls) -> str:
        names = [name for name, field in cls.model_fields.items() if field.is_required()]
        listed = f"[{', '.join(names)}]"
        return f"{listed} or '{':'.join(names)}'" if cls.has_text_form else listed


def _not_zero(value: float) -> float:
    if not value:
        raise PydanticCustomError("bounds_zero", "must not be 0")
    return value


Number: TypeAlias = StrictInt | StrictFloat | float
Step: TypeAlias = Annotated[Number, AfterValidator(_not_zero)]
Count: TypeAlias = Annotated[int, AfterValidator(_not_zero)]


class Increasing(Bounds):
    """Bounds with a `start` that is strictly below their `stop`."""

    start: Any
    stop: Any

    @model_validator(mode="after")
    def _start_is_below_stop(self) -> Increasing:
        if not self._are_ordered():
            raise PydanticCustomError(
                "bounds_order",
                "start must be below stop, got {start} and {stop}",
                {"start": str(self.start), "stop": str(self.stop)},
            )
        return self

    def _are_ordered(self) -> bool:
        try:
            return not self.start >= self.stop
        except TypeError:  # a time with a zone and one without
            return False


class Spaced(Increasing):
    """`num` numbers from `start` to `stop`, both included."""

    start: float
    stop: float
    num: Count

    def problem(self) -> str | None:
        return None if self.num > 0 else f"needs a num of at least 1, got {self.num}"

    def numbers(self) -> list[float]:
        """The numbers of `numpy.linspace`, to the last bit."""
        step = (self.stop - self.start) / (self.num - 1) if self.num > 1 else 0.0
        return [
            *(self.start + k * step for k in range(self.num - 1)),
            self.stop if self.num > 1 else self.start,
        ]


class _Interval(Bounds):
    low: float
    high: float

    def problem(self) -> str | None:
        finite = math.isfinite(self.low) and math.isfinite(self.high)
        return None if finite else f"needs finite bounds, got {self.low} and {self.high}"


class LowHigh(_Interval):
    size: int | None = None  # read for Polyaxon's sake: a trial takes one number


class LowHighStep(_Interval):
    q: Step
    size: int | None = None

    def problem(self) -> str | None:
        return super().problem() or _step_problem(self.q)


class _Bell(Bounds):
    loc: float  # mean
    scale: float  # standard deviation

    def problem(self) -> str | None:
        usable = math.isfinite(self.loc) and math.isfinite(self.scale) and self.scale >= 0
        return (
            None
            if usable
            else f"needs a finite loc and a scale of at least 0, got {self.loc} and {self.scale}"
        )


class LocScale(_Bell):
    size: int | None = None


class LocScaleStep(_Bell):
    q: Step
    size: int | None = None

    def problem(self) -> str | None:
        return super().problem() or _step_problem(self.q)


def too_large(logarithm: float) -> str | None:
    """Why exp of this is no number, or None."""
    return (
        None if logarithm < _LARGEST else f"has numbers of up to exp({logarithm:.4g}), which no float holds"
    )


def _step_problem(q: float) -> str | None:
    return None if q > 0 else f"needs a q above 0, got {q}"
