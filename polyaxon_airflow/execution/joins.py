"""`joins`: values collected from all runs that a query finds (spec section 2.23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler.contexts import RunContext, variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.errors import CompilationError, StoreError
from polyaxon_airflow.execution.references import fields_read, value_at
from polyaxon_airflow.store import Edge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.task import Surroundings
    from polyaxon_airflow.sections.joins import Join
    from polyaxon_airflow.store import Run

MOST = 5000  # runs that one join may find, as in Polyaxon


def joined_values(
    compiled: CompiledOperation,
    around: Surroundings,
    params: Mapping[str, Any],
    globals_: Mapping[str, Any],
    uuid: str,
) -> dict[str, list[Any] | dict[str, Any]]:
    """Name -> one value of each run that a join finds, in the join's order; artifacts are put together.

    The lineage of `uuid`, the run that they are for, gets an edge from each of them. Queries see the operation's params. Raises CompilationError for a query that cannot be asked.
    """
    values: dict[str, Any] = {}
    seen = variables((*(compiled.inputs or ()), *(compiled.contexts or ())), RunContext(globals_, params))
    for join in compiled.joins if isinstance(compiled.joins, list) else ():
        runs = _found(join, around, {**seen, **params})
        around.log(f"join {join.query}: {len(runs)} runs")
        around.store.lineage.link(Edge(run.uuid, uuid, "join") for run in runs)
        for name, param in (join.params if isinstance(join.params, dict) else {}).items():
            values[name] = _collected(name, runs, param.value)
    return values


def _found(join: Join, around: Surroundings, seen: Mapping[str, Any]) -> list[Run]:
    limit = render(join.limit, seen) if join.limit is not None else MOST
    offset = render(join.offset, seen) if join.offset is not None else 0
    given = join.params if isinstance(join.params, dict) else {}
    try:
        return around.store.runs.find(
            str(render(join.query, seen)),
            at=around.clock(),
            sort=join.sort,
            limit=min(int(limit), MOST),
            offset=int(offset),
            project=around.project,
            fields=fields_read(param.value for param in given.values()),
        )
    except (StoreError, ValueError) as error:
        raise CompilationError(f"joins: {error}") from error


def _collected(name: str, runs: Sequence[Run], path: Any) -> list[Any] | dict[str, Any]:
    found = [value_at(name, run, path, missing=None) for run in runs]
    if not isinstance(path, dict):
        return found
    return {kind: [entry for value in found for entry in value.get(kind, [])] for kind in path}
