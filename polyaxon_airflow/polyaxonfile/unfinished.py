"""Files that say of themselves that they are to be filled in first: `template: {enabled: true}` (spec section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.polyaxonfile.sources import Finding, layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation


def marks_in(operation: Operation) -> Iterator[Finding]:
    """The marks of an operation and its component. Polyaxon's check warns of them, and its server refuses to run."""
    for layer in layers(operation):
        if layer.template is not None and layer.template.enabled is True:
            fields = layer.template.fields
            which = f": {', '.join(fields)}" if isinstance(fields, list) and fields else ""
            message = f"this file is a template that is to be filled in before it runs{which}"
            yield Finding(
                layer,
                Fault(
                    message,
                    path=("template",),
                    of_key=True,
                    suggestion="Fill it in, and remove 'template:'.",
                    rule="template-file",
                ),
            )
