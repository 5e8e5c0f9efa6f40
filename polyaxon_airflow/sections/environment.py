"""`environment`: where and how the pod of a run is scheduled (spec section 2.13)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from polyaxon_airflow.scalars import AnyText, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.kubernetes import (
    Affinity,
    HostAlias,
    PodDNSConfig,
    SecurityContext,
    Toleration,
)


class Environment(Section):
    """`environment: {nodeSelector: {gpu: "true"}, tolerations: [...], serviceAccountName: trainer}`."""

    labels: dict[Text, AnyText] | None = None
    annotations: dict[Text, AnyText] | None = None
    node_selector: dict[Text, AnyText] | None = None
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    node_name: Text | None = None
    service_account_name: Text | None = None
    host_aliases: list[HostAlias] | None = None
    security_context: SecurityContext | None = None
    image_pull_secrets: list[Text] | None = None
    host_network: bool | None = None
    host_pid: bool | None = Field(None, alias="hostPID")
    dns_policy: Text | None = None
    dns_config: PodDNSConfig | None = None
    scheduler_name: Text | None = None
    priority_class_name: Text | None = None
    priority: int | None = None
    restart_policy: Literal["Always", "OnFailure", "Never", "ExitCode"] | None = None
