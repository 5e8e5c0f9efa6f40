"""`template`: marks a file that has to be filled in before it runs (spec section 2.2)."""

from __future__ import annotations

from polyaxon_airflow.scalars import BoolOrTemplate, Text, TextsOrTemplate
from polyaxon_airflow.section import Section


class FileTemplate(Section):
    """`template: {enabled: true, description: Set your image., fields: [run.container.image]}`."""

    enabled: BoolOrTemplate | None = None
    description: Text | None = None
    fields: TextsOrTemplate | None = None  # dotted paths of what to fill in
