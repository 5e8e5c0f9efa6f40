"""Which runs a run comes from, as lineage: what it waited for in its dag, and what it read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.plan.events import wanted_by
from polyaxon_airflow.store import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.execution.family import Family


def edges_to(uuid: str, compiled: CompiledOperation, family: Family) -> list[Edge]:
    """The edges to the run `uuid` of an operation from other operations of its dag, and from runs by their uuids.

    `values` of an edge: what is read, by param; of an event, the kinds that were waited for.
    """
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for ref, kind, values in _named(compiled, in_dag=family.task.node.is_in_dag):
        upstream = family.find(ref)
        if upstream is not None:
            told.setdefault((upstream.uuid, kind), {}).update(values)
    return [Edge(upstream, uuid, kind, values) for (upstream, kind), values in told.items()]


def _named(compiled: CompiledOperation, *, in_dag: bool) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """`ref`, kind of edge and values, of all that an operation waits for or reads."""
    if in_dag and isinstance(compiled.dependencies, list):
        yield from ((f"ops.{name}", "dag", {}) for name in compiled.dependencies)
    for name, param in (compiled.params or {}).items():
        entity = str(param.ref or "").partition(".")[0]
        if entity in ("ops", "runs"):
            yield str(param.ref), "dag" if entity == "ops" else "run", {name: param.value}
    for want in wanted_by(compiled) if in_dag else ():
        yield f"ops.{want.operation}", "event", {"kinds": list(want.kinds)}
