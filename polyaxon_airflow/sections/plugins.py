"""`plugins`: what Polyaxon adds around a run (spec section 2.16)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, IntOrTemplate, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.statuses import Status


class PluginSidecar(Section):
    """The helper container that collects logs and artifacts."""

    image: Text | None = None
    image_tag: Text | None = None
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    resources: Annotated[dict[str, Any] | str, OR_TEMPLATE] | None = None
    sleep_interval: IntOrTemplate | None = None  # seconds
    sync_interval: IntOrTemplate | None = None  # seconds
    monitor_logs: BoolOrTemplate | None = None
    monitor_spec: BoolOrTemplate | None = None
    no_connections: BoolOrTemplate | None = None


class Notification(Section):
    """A notification of older versions; hooks take its place."""

    connections: list[Text]
    trigger: Status | None = None


class Plugins(Section):
    """`plugins: {collectLogs: false, shm: true}`."""

    auth: BoolOrTemplate | None = None
    docker: BoolOrTemplate | None = None
    shm: BoolOrTemplate | None = None
    tmux: BoolOrTemplate | None = None
    sandbox: BoolOrTemplate | None = None
    ssh: BoolOrTemplate | None = None
    mount_artifacts_store: BoolOrTemplate | None = None
    collect_artifacts: BoolOrTemplate | None = None
    collect_logs: BoolOrTemplate | None = None
    collect_resources: BoolOrTemplate | None = None
    sync_statuses: BoolOrTemplate | None = None
    auto_resume: BoolOrTemplate | None = None
    log_level: Text | None = None
    external_host: BoolOrTemplate | None = None
    sidecar: Annotated[PluginSidecar | str, OR_TEMPLATE] | None = None
    notifications: Annotated[list[Notification] | str, OR_TEMPLATE] | None = None
