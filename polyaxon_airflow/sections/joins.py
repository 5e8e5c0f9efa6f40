"""`joins`: values collected from other runs by a query (spec section 2.23)."""

from __future__ import annotations

from typing import Annotated

from polyaxon_airflow.scalars import OR_TEMPLATE, IntOrTemplate, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.params import JoinParam


class Join(Section):
    """`- {query: "metrics.loss:<0.1", sort: -metrics.loss, limit: 5, params: {losses: {value: outputs.loss}}}`."""

    query: Text
    sort: Text | None = None
    limit: IntOrTemplate | None = None  # runs; by default and at most 5000
    offset: IntOrTemplate | None = None
    params: Annotated[dict[str, JoinParam] | str, OR_TEMPLATE] | None = None
    ref: Text | None = None
