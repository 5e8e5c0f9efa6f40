"""What a polyaxonfile is called in Airflow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from polyaxon_airflow.polyaxonfile.operation import Operation


def dag_id(operation: Operation, stem: str) -> str:
    """The id of the DAG of an operation: the name that its file says, else that of the file, `stem`."""
    named = named_by(operation)
    return str(named.name) if named is not None else re.sub(r"[^\w.-]+", "_", stem)


def named_by(operation: Operation) -> Operation | None:
    """The operation, or the component that stands in it, whose `name` is that of the DAG; None without one.

    The name of a component in another file does not count, or all operations that refer to it would be one DAG.
    """
    if operation.name:
        return None if is_template(operation.name) else operation
    inside = operation.component if operation.reference is None else None
    return named_by(inside) if inside is not None else None
