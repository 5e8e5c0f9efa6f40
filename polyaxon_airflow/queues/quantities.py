"""Amounts of CPU, memory, GPUs and money, and which share of a quota they are.

Quantities are Kubernetes' (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/):
`500m` CPUs, `5Gi` bytes. They are exact fractions here, since three tenths of three must be one tenth, not a hair more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_SUFFIXES = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 10**3), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
    "P": Fraction(10**15), "E": Fraction(10**18),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip
_QUANTITY = re.compile(
    r"(?P<number>\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)(?P<suffix>[KMGTPE]i|[numkMGTPE]?)"
)

NAMES = ("cpu", "memory", "gpu", "cost")  # what a quota may limit


def quantity(text: str | float) -> Fraction:
    """The value of a Kubernetes quantity.

    >>> quantity("500m"), quantity("5Gi"), quantity(2)
    (Fraction(1, 2), Fraction(5368709120, 1), Fraction(2, 1))

    Raises ValueError if it is none, or negative.
    """
    match = _QUANTITY.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"'{text}' is not a quantity such as 2, 500m or 5Gi")
    return Fraction(match["number"].lstrip("+")) * _SUFFIXES[match["suffix"]]


@dataclass(frozen=True)
class Amounts:
    """What a run needs, or what a quota allows; None where nothing is said."""

    cpu: Fraction | None = None  # cores
    memory: Fraction | None = None  # bytes
    gpu: Fraction | None = None  # devices of any vendor
    cost: Fraction | None = None  # in the unit of `cost:` in the polyaxonfiles

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(_plus(getattr(self, name), getattr(other, name)) for name in NAMES))

    def times(self, count: int) -> Amounts:
        """What `count` replicas of it need."""
        return Amounts(*(_times(getattr(self, name), count) for name in NAMES))


def amounts_of(resources: Mapping[str, Any] | None, cost: float | None = None) -> Amounts:
    """What a container with these `resources: {requests, limits}` needs.

    Kubernetes takes a limit as the request where only the limit is given. A GPU is any extended resource of the name
    `<vendor>/gpu` or `<vendor>/mig-...`.

    >>> amounts_of({"requests": {"cpu": "500m"}, "limits": {"cpu": 2, "nvidia.com/gpu": 1}})
    Amounts(cpu=Fraction(1, 2), memory=None, gpu=Fraction(1, 1), cost=None)

    Raises ValueError for what is no quantity.
    """
    resources = resources or {}
    requests = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return Amounts(
        cpu=_sum(requests, lambda name: name == "cpu"),
        memory=_sum(requests, lambda name: name == "memory"),
        gpu=_sum(requests, _is_gpu),
        cost=None if cost is None else quantity(cost),
    )


def total(amounts: Iterable[Amounts]) -> Amounts:
    """What several containers need together."""
    return sum(amounts, Amounts())


def spoken(name: str, amount: Fraction) -> str:
    """An amount as people write it.

    >>> spoken("memory", quantity("64Gi")), spoken("cpu", quantity("500m"))
    ('64Gi', '0.5')
    """
    if name != "memory":
        return f"{float(amount):g}"
    fitting = [unit for unit in ("Ti", "Gi", "Mi", "Ki") if amount >= _SUFFIXES[unit]]
    return f"{float(amount / _SUFFIXES[fitting[0]]):g}{fitting[0]}" if fitting else f"{float(amount):g}"


class Excess(NamedTuple):
    """A need that a quota can never meet."""

    name: str  # one of NAMES
    needed: Fraction
    allowed: Fraction


def excesses(needs: Amounts, quota: Amounts) -> list[Excess]:
    """Where a run alone is above the quota."""
    return [Excess(*parts) for parts in _limited(needs, quota) if parts[1] > parts[2]]


def slots(needs: Amounts, quota: Amounts, capacity: int) -> int:
    """How many of a queue's `capacity` slots a run takes: its dominant share of the quota, rounded up.

    The dominant share is the largest of the run's shares of each resource (Ghodsi et al., "Dominant Resource
    Fairness", NSDI 2011). Since every run takes at least its share of each resource, runs that fit into the slots
    fit into the quota.

    >>> slots(Amounts(cpu=Fraction(2), gpu=Fraction(2)), Amounts(cpu=Fraction(32), gpu=Fraction(8)), 8)
    2
    """
    shares = [needed / allowed for _, needed, allowed in _limited(needs, quota) if allowed]
    return max(1, ceil(max(shares, default=Fraction(0)) * capacity))


def _limited(needs: Amounts, quota: Amounts) -> Iterator[tuple[str, Fraction, Fraction]]:
    for name in NAMES:
        needed, allowed = getattr(needs, name), getattr(quota, name)
        if needed is not None and allowed is not None:
            yield name, needed, allowed


def _sum(requests: Mapping[str, Any], counts: Callable[[str], bool]) -> Fraction | None:
    found = [quantity(value) for name, value in requests.items() if counts(name)]
    return sum(found, Fraction(0)) if found else None


def _is_gpu(name: str) -> bool:
    _, slash, resource = name.partition("/")
    return bool(slash) and (resource == "gpu" or resource.startswith("mig-"))


def _plus(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _times(amount: Fraction | None, count: int) -> Fraction | None:
    return None if amount is None else amount * count
