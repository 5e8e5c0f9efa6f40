"""What several kinds of matrix have among their fields."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StrictStr
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import OR_TEMPLATE
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.params import Param
from polyaxon_airflow.space import SPACE, Space

Spaces: TypeAlias = dict[str, Annotated[Space, SPACE]]


def _no_text(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("positive_int_text", "must be a number here, not text or a template")
    return value


PositiveIntNoText: TypeAlias = Annotated[int, Field(gt=0), BeforeValidator(_no_text)]
"""Declared by Polyaxon as "or a template", but its check breaks on any text (corpus README, oddity 14)."""


class Metric(Section):
    """`metric: {name: loss, optimization: minimize}`: what a search tries to better."""

    instead: ClassVar[dict[str, str]] = {
        "goal": "optimization",
        "direction": "optimization",
        "mode": "optimization",
    }

    name: StrictStr
    optimization: Literal["maximize", "minimize"] | None = None  # unset means minimize


class Tuner(Section):
    """`tuner`: a component of the user's that suggests the next trials."""

    hub_ref: StrictStr
    presets: Annotated[list[StrictStr] | str | None, OR_TEMPLATE] = None
    queue: StrictStr | None = None
    namespace: StrictStr | None = None
    params: Annotated[dict[str, Param] | str | None, OR_TEMPLATE] = None
