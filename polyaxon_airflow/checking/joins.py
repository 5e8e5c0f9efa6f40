"""`joins`: queries that no run store could answer, and paths into no run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from polyaxon_airflow.errors import Fault, QueryError
from polyaxon_airflow.polyaxonfile.matching import likely_path
from polyaxon_airflow.polyaxonfile.sources import Finding, layers
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.sections.refs import check_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.sections.joins import Join

QueryCheck: TypeAlias = Callable[[str, str | None], Iterable[tuple[str, QueryError]]]
"""Tells of a query and a sort which of both, `query` or `sort`, is wrong, and how."""

Path = tuple[str | int, ...]


def check_joins(authored: Operation, query: QueryCheck | None) -> Iterator[Finding]:
    """What is wrong with the joins of an operation and its component; queries only if there is who can tell."""
    for layer in layers(authored):
        for index, join in enumerate(layer.joins if isinstance(layer.joins, list) else ()):
            for fault in (*_query(join, query, index), *_params(join, index)):
                yield Finding(layer, fault)


def _query(join: Join, query: QueryCheck | None, index: int) -> Iterator[Fault]:
    if query is None or is_template(join.query) or is_template(join.sort):
        return
    for key, error in query(join.query, join.sort):
        rest = error.query[error.position :]
        near = rest.split(",")[0].split()[0] if rest.strip() else None
        yield _fault(error.brief, ("joins", index, key), error.suggestion, near=near)


def _params(join: Join, index: int) -> Iterator[Fault]:
    for name, param in join.params.items() if isinstance(join.params, dict) else ():
        value: Any = param.value
        if not isinstance(value, str):
            continue
        try:
            check_path(value, of_dag=False)
        except ValueError as error:
            path = ("joins", index, "params", name, "value")
            yield _fault(str(error), path, likely_path(value, ()))


def _fault(message: str, path: Path, suggestion: str | None, *, near: str | None = None) -> Fault:
    return Fault(message, path=path, suggestion=suggestion, severity="warning", rule="join", near=near)
