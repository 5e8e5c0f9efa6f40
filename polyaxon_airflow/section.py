"""`Section`: what all parts of a polyaxonfile have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A part of a polyaxonfile: frozen, camelCase in YAML, no unknown keys.

    Fields are written in snake_case here and read in both spellings, as Polyaxon does below the root
    (spec section 1.3). A field that the file did not give stays unset, which merging depends on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def to_dict(self) -> dict[str, Any]:
        """The section as it would stand in YAML: camelCase keys, only what was given, plain JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
