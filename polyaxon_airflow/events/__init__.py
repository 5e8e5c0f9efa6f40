"""`events`: what starts an operation besides time (spec section 2.22)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from polyaxon_airflow.scalars import OR_TEMPLATE, Text
from polyaxon_airflow.section import Section

EventKind: TypeAlias = Literal[
    "run_status_created",
    "run_status_resuming",
    "run_status_compiled",
    "run_status_on_schedule",
    "run_status_queued",
    "run_status_scheduled",
    "run_status_starting",
    "run_status_running",
    "run_status_processing",
    "run_status_stopping",
    "run_status_failed",
    "run_status_stopped",
    "run_status_succeeded",
    "run_status_skipped",
    "run_status_warning",
    "run_status_unschedulable",
    "run_status_upstream_failed",
    "run_status_retrying",
    "run_status_unknown",
    "run_status_done",
    "run_approved_actor",
    "run_invalidated_actor",
    "run_new_artifacts",
    "connection_git_commit",
    "connection_dataset_version",
    "connection_registry_image",
    "alert_info",
    "alert_warning",
    "alert_critical",
    "model_version_new_metric",
    "project_custom_event",
    "org_custom_event",
]


class EventTrigger(Section):
    """`- {kinds: [run_status_succeeded], ref: ops.train}`: any of the kinds, from one source."""

    instead: ClassVar[dict[str, str]] = {"kind": "kinds"}

    kinds: list[Annotated[EventKind | str, OR_TEMPLATE]]
    ref: Text  # ops.NAME, runs.UUID, connections.NAME; without braces
