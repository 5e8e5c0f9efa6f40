"""Runtimes of several roles, each with replicas of a pod of its own (spec section 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from polyaxon_airflow.runtimes import PodTemplate, Runtime
from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate, Text
from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import PodPath

CleanPodPolicy: TypeAlias = Literal["All", "Running", "None"]


class Replica(PodTemplate):
    """The pods of one role."""

    merges_by_name: ClassVar[bool] = True

    replicas: IntOrTemplate | None = None


ReplicaOrTemplate: TypeAlias = Annotated[Replica | str, OR_TEMPLATE]


class SchedulingPolicy(Section):
    """How the training operator schedules the pods as one gang."""

    min_available: IntOrTemplate | None = None
    queue: Text | None = None
    min_resources: IntOrTemplate | None = None
    priority_class: Text | None = None
    schedule_timeout_seconds: IntOrTemplate | None = None


class Distributed(Runtime):
    """Base of the runtimes whose roles are fields."""

    has_roles: ClassVar[bool] = True
    role_fields: ClassVar[tuple[str, ...]] = ()

    def pods(self) -> Mapping[PodPath, PodTemplate]:
        named = {(role,): getattr(self, role) for role in self.role_fields}
        return {path: pod for path, pod in named.items() if isinstance(pod, PodTemplate)}
