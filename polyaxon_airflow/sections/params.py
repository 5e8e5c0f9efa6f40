"""`params`: the values that an operation passes to its component (spec section 2.4)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import Text
from polyaxon_airflow.section import Section

_FULL_FORM = {
    "value",
    "ref",
    "contextOnly",
    "context_only",
    "connection",
    "toInit",
    "to_init",
    "toEnv",
    "to_env",
}


class Param(Section):
    """`lr: 0.1`, or in full: `lr: {value: outputs.best_lr, ref: ops.search}`."""

    value: Any = None
    ref: Text | None = (
        None  # ops.NAME, runs.UUID or dag; `value` then says what of it: outputs.loss, {files: [...]}
    )
    context_only: bool | None = None  # seen by templates, not passed to the component
    connection: Text | None = None
    to_init: bool | None = None
    to_env: Text | None = None

    @model_validator(mode="after")
    def _ref_reads_a_path(self) -> Param:
        is_choice_of_files = isinstance(self.value, dict) and not {"files", "dirs"}.isdisjoint(self.value)
        if self.ref and not isinstance(self.value, str) and not is_choice_of_files:
            raise PydanticCustomError(
                "ref_value",
                "a param with a ref needs a path as value, such as outputs.loss, or {files: [...], dirs: [...]}",
            )
        return self

    @property
    def is_literal(self) -> bool:
        """Whether the value stands in the file, not in another run."""
        return not self.ref


class JoinParam(Section):
    """What a join collects from each run that it finds, as a list: `losses: {value: outputs.loss}`."""

    value: Any = None
    ref: Text | None = None
    context_only: bool | None = None
    connection: Text | None = None
    to_init: bool | None = None
    to_env: Text | None = None


def in_full(value: Any) -> Any:
    """The full form of a param: a mapping with one of its fields is taken as it is, anything else is the value."""
    if isinstance(value, (Param, str)) or value is None:
        return value if isinstance(value, Param) else {"value": value}
    if not isinstance(value, dict):
        return {"value": value}
    return value if not value or not _FULL_FORM.isdisjoint(value) else {"value": value}


# In JSON schemas anything: any value may be a param.
AnyParam: TypeAlias = Annotated[Param, BeforeValidator(in_full), WithJsonSchema({})]
