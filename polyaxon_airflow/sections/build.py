"""`build`: an image that is built before the run (spec section 2.20)."""

from __future__ import annotations

from typing import Annotated, Any

from polyaxon_airflow.scalars import OR_TEMPLATE, Text, TextsOrTemplate
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.cache import Cache
from polyaxon_airflow.sections.params import Param
from polyaxon_airflow.sections.patching import Strategy


class Build(Section):
    """`build: {hubRef: kaniko, connection: registry, params: {destination: {value: "app:v1"}}}`."""

    hub_ref: Text
    connection: Text | None = None
    presets: TextsOrTemplate | None = None
    queue: Text | None = None
    namespace: Text | None = None
    cache: Annotated[Cache | str, OR_TEMPLATE] | None = None
    params: dict[str, Annotated[Param | str, OR_TEMPLATE]] | None = None
    run_patch: dict[str, Any] | None = None
    patch_strategy: Annotated[Strategy | str, OR_TEMPLATE] | None = None
