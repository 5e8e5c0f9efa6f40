"""From a document to an `Operation`, with every fault at its place (spec sections 1.1 to 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.errors import Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.operation import Operation

if TYPE_CHECKING:
    from polyaxon_airflow.source import Document

KINDS = ("component", "operation")


def parse(document: Document) -> Operation:
    """The operation that a document holds. Raises PolyaxonfileError with all its faults, each at its place."""
    found = [*_root_faults(document.value)]
    try:
        operation = Operation.model_validate(document.value)
    except ValidationError as error:
        found += _unless_placed(explain.faults(error, Operation, document.value), found)
    if found:
        raise PolyaxonfileError(map(document.locate, found))
    return operation


def _root_faults(value: dict[str, Any]) -> list[Fault]:
    """What holds for the root of a file only: its kind, and camelCase when there is one."""
    kind = value.get("kind")
    if kind is None:
        return []
    if kind not in KINDS:
        return [_unknown_kind(kind)]
    known = explain.keys(Operation)
    return [_snake_case(key, known) for key in value if key in Operation.model_fields and key not in known]


def _unknown_kind(kind: Any) -> Fault:
    message = f"'{kind}' is no kind of polyaxonfile; known: {', '.join(KINDS)}"
    return Fault(message, path=("kind",), suggestion=explain.suggest(kind, KINDS), rule="unknown-kind")


def _snake_case(key: str, known: list[str]) -> Fault:
    message = f"unknown key '{key}' at the root of a file with a kind"
    return Fault(
        message, path=(key,), of_key=True, suggestion=explain.suggest(key, known), rule="unknown-key"
    )


def _unless_placed(found: list[Fault], placed: list[Fault]) -> list[Fault]:
    taken = {fault.path for fault in placed}
    return [fault for fault in found if fault.path not in taken]
