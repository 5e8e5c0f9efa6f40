"""`resources` of a container: amounts that Kubernetes refuses when the run starts, or that mean something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.queues.quantities import quantity
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

KNOWN = ("cpu", "memory", "ephemeral-storage")
_USUAL = {
    "gpu": "nvidia.com/gpu",
    "gpus": "nvidia.com/gpu",
    "cores": "cpu",
    "mem": "memory",
    "ram": "memory",
}
_LEAST = 2**20  # bytes of memory that a container may live in; less is a number without its unit
_UNITS = re.compile(
    r"(?P<number>[\d.]+)\s*(?P<unit>[kKmMgGtTpP]i?)?[bB]?(ytes?)?|(?P<cores>[\d.]+)\s*(cores?|cpus?)",
    re.IGNORECASE,
)


def check_resources(resources: dict[str, Any], path: Path) -> Iterator[Fault]:
    """What is wrong with `{requests: {cpu: 1, memory: 1Gi}, limits: {...}}` at a path."""
    amounts: dict[str, dict[str, Any]] = {}
    for section in ("requests", "limits"):
        given = resources.get(section)
        amounts[section] = given if isinstance(given, dict) else {}
        for name, amount in amounts[section].items():
            yield from _check_amount(str(name), amount, (*path, section, name))
    for name, request in amounts["requests"].items():
        if _is_more(request, amounts["limits"].get(name)):
            message = f"requests {request} of {name}, and its limit is {amounts['limits'][name]}"
            yield _warning(message, (*path, "requests", name), "Request at most the limit.")


def _check_amount(name: str, amount: Any, path: Path) -> Iterator[Fault]:
    if "/" not in name and name not in KNOWN and not name.startswith("hugepages-") and not is_template(name):
        meant = f"Did you mean '{_USUAL[name]}'?" if name in _USUAL else suggest(name, KNOWN)
        message = f"Kubernetes has no resource '{name}'; known: {', '.join(KNOWN)}, and names such as nvidia.com/gpu"
        yield _warning(message, path, meant, of_key=True)
        return
    if amount is None or is_template(amount):
        return
    try:
        value = quantity(amount)
    except ValueError as error:
        yield _warning(str(error), path, _rewritten(amount))
        return
    if name == "memory" and value < _LEAST:
        number = str(amount).rstrip("m")
        message = f"{amount} of memory is less than any program needs; without a unit it is bytes, m is a thousandth"
        yield _warning(message, path, f"Write {number}Mi or {number}Gi.")


def _rewritten(amount: Any) -> str | None:
    """The amount as Kubernetes writes it: `1 GB` is `1G`, `2 cores` is `2`."""
    match = _UNITS.fullmatch(str(amount).strip())
    if match is None:
        return "Write a number such as 2, 500m or 5Gi."
    unit = match["unit"] or ""
    return f"Write {match['number'] or match['cores']}{unit[:1].upper()}{unit[1:].lower()}."


def _is_more(request: Any, limit: Any) -> bool:
    try:
        return limit is not None and quantity(request) > quantity(limit)
    except ValueError:  # a template, or a fault of its own
        return False


def _warning(message: str, path: Path, suggestion: str | None, *, of_key: bool = False) -> Fault:
    return Fault(
        message, path=path, suggestion=suggestion, severity="warning", rule="resources", of_key=of_key
    )
