"""`Watch`: one thing outside of a dag that starts runs, and `Occurrence`: that it happened."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from polyaxon_airflow.events.families import FAMILIES, STATUS, Family, common_family
from polyaxon_airflow.events.refs import Ref, parse_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KINDS_TELL = (
    "status",
    "run",
    "metric",
)  # families in which the same ref means something else for other kinds
_DURATION = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>s|m|min|h|d)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_NOT_IN_RUN_IDS = re.compile(
    r"[^A-Za-z0-9._-]+|\.{2,}"
)  # Airflow refuses two dots, which may lead out of a folder


@dataclass(frozen=True)
class Watch:
    """Kinds of events of one family, and what they are about. Equal watches share one poller and one cursor."""

    kinds: tuple[str, ...]
    ref: Ref

    @property
    def family(self) -> Family:
        return common_family(self.kinds, self.ref)

    @property
    def name(self) -> str:
        """Its name in the store and among Airflow's assets: `git connections.code?branch=main`."""
        family = self.family.name
        if family == "custom":
            return str(self.ref)
        told = [kind.removeprefix(STATUS) for kind in self.kinds] if family in _KINDS_TELL else []
        return " ".join(filter(None, [family, "+".join(told), str(self.ref)]))

    @classmethod
    def from_name(cls, name: str) -> Watch:
        """The watch of a name. Raises ValueError."""
        word, _, rest = name.partition(" ")
        family = next((family for family in FAMILIES if family.name == word), None)
        if family is None:
            return cls(("project_custom_event",), parse_ref(name))
        if word not in _KINDS_TELL:
            return cls(family.kinds, parse_ref(rest))
        kinds, _, ref = rest.partition(" ")
        prefix = STATUS if word == "status" else ""
        return cls(tuple(f"{prefix}{kind}" for kind in kinds.split("+")), parse_ref(ref))

    @property
    def uri(self) -> str:
        """The URI of its Airflow asset."""
        return f"polyaxon://events/{quote(self.name, safe='')}"

    @property
    def every(self) -> float | None:
        """Seconds between two polls, None for the deployment's. Raises ValueError if it is no length of time."""
        text = self.ref.option("every")
        return seconds(text) if text else None

    @property
    def wants_existing(self) -> bool:
        """Whether what is there at the first poll counts as events."""
        return is_true(self.ref.option("existing", "false"))

    def to_dict(self) -> dict[str, Any]:
        """JSON, for a trigger's arguments and a plan."""
        return {"kinds": list(self.kinds), "ref": str(self.ref)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Watch:
        """What `to_dict` gave."""
        return cls(tuple(data["kinds"]), parse_ref(data["ref"]))


@dataclass(frozen=True)
class Occurrence:
    """One event. Its key is its identity within its watch: noticed twice, it is still one event."""

    key: str
    kind: str
    label: str  # short, for people and run ids: `3f2a91c`, `part-0001.parquet`
    data: Mapping[str, Any] = field(default_factory=dict)  # what a run sees as `globals.event`


def watch_of(kinds: Iterable[str], ref: str) -> Watch:
    """The watch of an event that starts a dag. Raises ValueError with a sentence if nothing here can watch it."""
    parsed = parse_ref(ref)
    if parsed.about == "ops":
        raise ValueError(
            f"'{ref}' is an operation of a dag, and this event starts one; write dags.NAME or runs.UUID"
        )
    watch = Watch(tuple(sorted(set(kinds))), _without_coalesce(parsed))
    watch.family  # noqa: B018 - raises
    watch.every  # noqa: B018 - raises
    watch.wants_existing  # noqa: B018 - raises
    return watch


def coalesces(ref: str) -> bool:
    """Whether the file wants one run for all events that are there, instead of one run an event."""
    return is_true(parse_ref(ref).option("coalesce", "false"))


def run_id_of(watch: str, occurrence: Occurrence) -> str:
    """The id of the DAG run that an event starts: the same for the same event, so that Airflow refuses a second.

    >>> run_id_of("git connections.code", Occurrence("3f2a91c0", "connection_git_commit", "3f2a91c"))
    'event__3f2a91c_7ad79123c1'
    """
    identity = sha256(f"{watch}\0{occurrence.key}".encode()).hexdigest()[:10]
    label = _NOT_IN_RUN_IDS.sub("-", occurrence.label).strip("-")[-60:]
    return f"event__{label}_{identity}" if label else f"event__{identity}"


def seconds(text: str) -> float:
    """A length of time: `30`, `30s`, `5m`, `2h`, `1d`. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or float(found["count"]) <= 0:
        raise ValueError(f"'{text}' is no length of time; write seconds, or 30s, 5m, 2h, 1d")
    return float(found["count"]) * _SECONDS[found["unit"]]


def is_true(text: str) -> bool:
    """`true` or `false`. Raises ValueError for anything else."""
    if text.lower() not in ("true", "false"):
        raise ValueError(f"'{text}' is neither true nor false")
    return text.lower() == "true"


def _without_coalesce(ref: Ref) -> Ref:
    return replace(ref, options={name: values for name, values in ref.options.items() if name != "coalesce"})
