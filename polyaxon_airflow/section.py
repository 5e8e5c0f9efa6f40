"""`Section`: what all parts of a polyaxonfile have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError


class Section(BaseModel):
    """A part of a polyaxonfile: frozen, camelCase in YAML, no unknown keys.

    Fields are written in snake_case here and read in both spellings, as Polyaxon does below the root
    (spec section 1.3). A field that the file did not give stays unset, which merging depends on.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_timedelta="float",
        ser_json_inf_nan="constants",
        protected_namespaces=(),
        defer_build=True,  # a file uses few of the kinds, and imports should cost what is used
    )

    # Keys of older versions of Polyaxon and usual mistakes, with what to write instead.
    instead: ClassVar[dict[str, str]] = {}

    # Whether `replace` and `isnull` take the section as one value, instead of field by field (spec section 3.3).
    merges_whole: ClassVar[bool] = False

    # Whether sections of this class are merged with their namesakes when they are the values of a mapping.
    merges_by_name: ClassVar[bool] = False

    def to_dict(self) -> dict[str, Any]:
        """The section as it would stand in YAML: camelCase keys, only what was given, plain JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class KubernetesSection(Section):
    """An object of Kubernetes inside a polyaxonfile.

    Its own keys are checked, what they hold is Kubernetes' business: any value passes, as in Polyaxon, whose
    client checks the first level of keys only.
    """


def fault_at(error: PydanticCustomError, *place: str | int) -> ValidationError:
    """An error of one place below the section that raises it, where validators have none of their own."""
    return ValidationError.from_exception_data(
        "section", [InitErrorDetails(type=error, loc=place, input=None)]
    )
