"""`hooks`: components that run after the operation (spec section 2.21)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.params import Param
from polyaxon_airflow.sections.statuses import HookStatus

# What a hook's component gets besides its params: facts of the run that has ended.
GIVEN = (
    "uuid", "name", "kind", "runtime", "status", "condition", "inputs", "outputs", "wait_time", "duration",
)  # fmt: skip


class Hook(Section):
    """`- {hubRef: slack, connection: team, trigger: failed}`."""

    instead: ClassVar[dict[str, str]] = {
        "status": "trigger",
        "on": "trigger",
        "condition": "conditions",
        "preset": "presets",
        "pathRef": "hubRef",
        "urlRef": "hubRef",
        "component": "hubRef",
    }

    hub_ref: Text
    connection: Text | None = None
    trigger: HookStatus | None = None  # by default done
    conditions: Text | None = None
    presets: list[Text] | None = None
    queue: Text | None = None
    namespace: Text | None = None
    params: Annotated[dict[str, Param] | str, OR_TEMPLATE] | None = None
    disable_defaults: BoolOrTemplate | None = None
