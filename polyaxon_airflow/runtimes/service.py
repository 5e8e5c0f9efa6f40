"""`run: {kind: service}`: pods that keep running and listen on ports (spec section 2.9)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StrictInt

from polyaxon_airflow.runtimes.job import SinglePod
from polyaxon_airflow.scalars import OR_TEMPLATE, BoolOrTemplate, IntOrTemplate


class Service(SinglePod):
    """`run: {kind: service, ports: [8888], container: {image: jupyter}}`."""

    kind: Literal["service"] = "service"
    ports: Annotated[list[StrictInt] | str, OR_TEMPLATE] | None = None  # the first is the main one
    rewrite_path: BoolOrTemplate | None = None
    is_external: BoolOrTemplate | None = None
    replicas: IntOrTemplate | None = None
