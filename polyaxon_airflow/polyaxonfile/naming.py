"""What a polyaxonfile is called in Airflow: the id of its DAG, which no other file may have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from pathlib import Path

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.source import Document


def dag_id(operation: Operation, file: Path, root: Path) -> str:
    """The id of the DAG of a file's operation: the name that the file says, else its place below `root`, the dags folder.

    It holds letters, digits, `_` and `-` alone, so that an id with a dot is free for what belongs to a DAG.
    """
    named = named_by(operation)
    return str(named.name) if named is not None else _id_of_place(file, root)


def named_by(operation: Operation) -> Operation | None:
    """The operation, or the component that stands in it, whose `name` is that of the DAG; None without one.

    The name of a component in another file does not count, or all operations that refer to it would be one DAG.
    """
    if operation.name:
        return None if is_template(operation.name) else operation
    inside = operation.component if operation.reference is None else None
    return named_by(inside) if inside is not None else None


def taken(document: Document, taken_id: str, other: str) -> Fault:
    """The fault of a file whose DAG has the id of that of another one, `other`; at its name, if it has one."""
    fault = Fault(
        f"{other} is the DAG '{taken_id}' already",
        path=_path_of_name(document.value),
        suggestion="Give one of them another name.",
        rule="dag-id",
    )
    return document.locate(fault)


def _path_of_name(value: Any) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    while isinstance(value, dict) and not value.get("name"):
        path, value = (*path, "component"), value.get("component")
    return (*path, "name") if isinstance(value, dict) else ("name",)


def _id_of_place(file: Path, root: Path) -> str:
    folders = file.parent.relative_to(root).parts if file.is_relative_to(root) else ()
    return re.sub(r"[^A-Za-z0-9_-]", "-", "-".join([*folders, file.stem]))
