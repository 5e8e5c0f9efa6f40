"""`Operation`: a polyaxonfile of any kind (spec sections 2.1 and 2.2).

Since Polyaxon 2.18 operations, components and files without a kind share one set of fields, so they share one class:
a component is an operation that others refer to.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, StrictFloat, StrictInt, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.events import EventTrigger
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.kinds import OrWithoutKind
from polyaxon_airflow.matrix import MATRIX, Matrix
from polyaxon_airflow.polyaxonfile import shortcuts
from polyaxon_airflow.runtimes import RUNTIME, WITHOUT_KIND, Runtime
from polyaxon_airflow.scalars import (
    OR_TEMPLATE,
    BoolOrTemplate,
    FloatOrTemplate,
    Name,
    Text,
    TextList,
    TextsOrTemplate,
)
from polyaxon_airflow.schedules import SCHEDULE, Schedule
from polyaxon_airflow.section import Section, fault_at
from polyaxon_airflow.sections.build import Build
from polyaxon_airflow.sections.cache import Cache
from polyaxon_airflow.sections.environment import Environment
from polyaxon_airflow.sections.hooks import Hook
from polyaxon_airflow.sections.io import IO
from polyaxon_airflow.sections.joins import Join
from polyaxon_airflow.sections.kubernetes import Container, Volume
from polyaxon_airflow.sections.mounts import Mount
from polyaxon_airflow.sections.params import AnyParam
from polyaxon_airflow.sections.patching import Strategy
from polyaxon_airflow.sections.plugins import Plugins
from polyaxon_airflow.sections.template import FileTemplate
from polyaxon_airflow.sections.termination import Termination

REFERENCES = ("hub_ref", "dag_ref", "url_ref", "path_ref")

Trigger: TypeAlias = Literal[
    "all_succeeded", "all_failed", "all_done", "one_succeeded", "one_failed", "one_done"
]


class BaseOperation(Section):
    """The fields that an operation keeps when it compiles."""

    version: float | None = None
    name: Annotated[Name | str, OR_TEMPLATE] | None = None
    description: Text | None = None
    tags: TextList | None = None
    presets: TextList | None = None
    strict_params: bool | None = None
    queue: Text | None = None
    namespace: Text | None = None
    cache: Annotated[Cache | str, OR_TEMPLATE] | None = None
    termination: Annotated[Termination | str, OR_TEMPLATE] | None = None
    plugins: Annotated[Plugins | str, OR_TEMPLATE] | None = None
    build: Annotated[Build | str, OR_TEMPLATE] | None = None
    hooks: Annotated[list[Hook] | str, OR_TEMPLATE] | None = None
    is_approved: BoolOrTemplate | None = None
    cost: FloatOrTemplate | None = None
    mount: list[StrictStr | Mount] | None = None
    schedule: Annotated[Schedule, SCHEDULE] | None = None
    events: Annotated[list[EventTrigger] | str, OR_TEMPLATE] | None = None
    matrix: Annotated[Matrix, MATRIX] | None = None
    joins: Annotated[list[Join] | str, OR_TEMPLATE] | None = None
    dependencies: TextsOrTemplate | None = None
    trigger: Annotated[Trigger | str, OR_TEMPLATE] | None = None
    conditions: Text | None = None
    skip_on_upstream_skip: bool | None = None
    inputs: list[IO] | None = None
    outputs: list[IO] | None = None


class Operation(BaseOperation):
    """One document: an operation, a component, or a file without kind.

    `run` is a plain mapping as long as its kind comes from a reference.
    """

    instead: ClassVar[dict[str, str]] = {
        "event": "events",
        "input": "inputs",
        "output": "outputs",
        "hook": "hooks",
        "join": "joins",
        "parameters": "params",
        "declarations": "params",
        "hptuning": "matrix",
        "dependsOn": "dependencies",
        "condition": "conditions",
        "resource": "resources",
        "ref": "hubRef",
        "depends_on": "dependencies",
        "upstream": "dependencies",
    }

    kind: Literal["component", "operation"] | None = None
    params: dict[Text, AnyParam] | None = None
    run: Annotated[Runtime | dict[str, Any], OrWithoutKind(RUNTIME)] | None = None
    run_patch: dict[str, Any] | None = None
    patch_strategy: Strategy | None = None
    is_preset: bool | None = None
    template: FileTemplate | None = None
    hub_ref: Text | None = None
    dag_ref: Text | None = None
    url_ref: Text | None = None
    path_ref: Text | None = None
    component: Operation | None = None
    # What may stand at the root instead of in `run` (spec section 2.2).
    ports: list[StrictInt] | None = None
    container: Container | None = None
    cmd: Annotated[StrictStr | list[StrictStr], AfterValidator(shortcuts.check_cmd)] | None = None
    env: Annotated[dict[StrictStr, StrictStr], BeforeValidator(shortcuts.check_env)] | None = None
    resources: (
        Annotated[
            dict[StrictStr, StrictInt | StrictFloat | StrictStr], BeforeValidator(shortcuts.check_resources)
        ]
        | None
    ) = None
    environment: Environment | None = None
    init: list[Init] | None = None
    connections: list[Text] | None = None
    sidecars: list[Container] | None = None
    volumes: list[Volume] | None = None

    @property
    def reference(self) -> tuple[str, str] | None:
        """Which of the four references is given, and what it says: `("path_ref", "./train.yaml")`."""
        return next(((field, getattr(self, field)) for field in REFERENCES if getattr(self, field)), None)

    @model_validator(mode="after")
    def _one_reference(self) -> Operation:
        given = [field for field in REFERENCES if getattr(self, field)]
        if self.is_preset:
            return self
        if len(given) > 1:
            second = str(type(self).model_fields[given[1]].alias)
            message = "at most one of hubRef, dagRef, urlRef and pathRef may be given"
            raise fault_at(PydanticCustomError("references", message), second)
        if isinstance(self.run, dict) and not given and self.component is None:
            raise fault_at(WITHOUT_KIND, "run")
        return self
