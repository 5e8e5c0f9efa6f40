"""`cache`: when a run may take the results of an equal one (spec sections 2.19 and 3.8)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, IntOrTemplate, TextsOrTemplate
from polyaxon_airflow.section import Section

CacheSection = Literal["containers", "init", "connections"]


class Cache(Section):
    """`cache: {ttl: 86400, io: [lr], sections: [containers]}`."""

    instead: ClassVar[dict[str, str]] = {"inputs": "io"}

    disable: BoolOrTemplate | None = None  # unset: on inside of pipelines, off elsewhere
    ttl: IntOrTemplate | None = None  # seconds since the end of the cached run
    io: TextsOrTemplate | None = None  # the inputs and outputs that count; by default all
    sections: Annotated[list[CacheSection] | str, OR_TEMPLATE] | None = None
