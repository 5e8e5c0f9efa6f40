"""`run: {kind: dag}`: a graph of operations (spec sections 2.11 and 3.7)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from polyaxon_airflow.early_stopping import EARLY_STOPPING, EarlyStopping
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.runtimes import Runtime
from polyaxon_airflow.scalars import OR_TEMPLATE, PositiveIntOrTemplate, TextsOrTemplate
from polyaxon_airflow.sections.environment import Environment
from polyaxon_airflow.sections.kubernetes import Volume


class Dag(Runtime):
    """Operations and their edges; `components` is a library for `dagRef`."""

    instead: ClassVar[dict[str, str]] = {"ops": "operations", "templates": "components"}

    kind: Literal["dag"] = "dag"
    operations: Annotated[list[Operation] | str, OR_TEMPLATE] | None = None
    components: Annotated[list[Operation] | str, OR_TEMPLATE] | None = None
    environment: Annotated[Environment | str, OR_TEMPLATE] | None = None
    connections: TextsOrTemplate | None = None
    volumes: list[Volume] | None = None
    concurrency: PositiveIntOrTemplate | None = None  # runs at once
    early_stopping: Annotated[list[Annotated[EarlyStopping, EARLY_STOPPING]] | str, OR_TEMPLATE] | None = None
