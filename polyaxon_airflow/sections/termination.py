"""`termination`: retries, deadlines and the end of idle services (spec section 2.17)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.kubernetes import ExecAction, HTTPGetAction, PodFailurePolicy


class Culling(Section):
    timeout: int | None = None  # seconds without activity after which a service is stopped


class Probe(Section):
    """How to ask a service whether it is in use."""

    exec_: ExecAction | None = Field(None, alias="exec")
    http: HTTPGetAction | None = None


class Termination(Section):
    """`termination: {maxRetries: 3, timeout: 3600, ttl: 600}`."""

    instead: ClassVar[dict[str, str]] = {
        "retries": "maxRetries",
        "retry": "maxRetries",
        "backoffLimit": "maxRetries",
        "deadline": "timeout",
        "activeDeadlineSeconds": "timeout",
    }

    max_retries: IntOrTemplate | None = None  # attempts after the first one
    ttl: IntOrTemplate | None = None  # seconds that the finished pod is kept
    timeout: IntOrTemplate | None = None  # seconds of wall clock, retries included
    culling: Culling | None = None
    probe: Probe | None = None
    pod_failure_policy: Annotated[PodFailurePolicy | str, OR_TEMPLATE] | None = None
