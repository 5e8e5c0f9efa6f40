"""What a run needs of a queue's quota: all its containers, times their replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.queues.quantities import Amounts, amounts_of
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def needs_of(run: Mapping[str, Any], cost: float | None = None) -> Amounts:
    """What a run section (as in YAML) needs at once.

    Replicas of distributed runs count as often as they are; init containers do not, since they are gone when the main
    container runs. A template counts for nothing: its value is known when the run starts. Raises ValueError for a
    quantity that is none.

    >>> needs_of({"kind": "tfjob", "worker": {"replicas": 3, "container": {"resources": {"limits": {"cpu": 2}}}}}).cpu
    Fraction(6, 1)
    """
    needs = Amounts(cost=amounts_of(None, cost).cost)
    for container, replicas in _containers(run, 1):
        needs += amounts_of(_literal(container.get("resources"))).times(replicas)
    return needs


def _containers(section: Mapping[str, Any], replicas: int) -> Iterator[tuple[Mapping[str, Any], int]]:
    given = section.get("replicas", 1)
    count = replicas * (given if isinstance(given, int) else 1)
    container = section.get("container")
    if isinstance(container, dict):
        yield container, count
    for sidecar in section.get("sidecars") or []:
        if isinstance(sidecar, dict):
            yield sidecar, count
    for key, part in section.items():
        if key != "container" and isinstance(part, dict):
            yield from _containers(part, count)


def _literal(resources: Any) -> dict[str, dict[str, Any]]:
    given = resources if isinstance(resources, dict) else {}
    return {
        part: {name: amount for name, amount in (given.get(part) or {}).items() if not is_template(amount)}
        for part in ("requests", "limits")
        if isinstance(given.get(part), dict)
    }
