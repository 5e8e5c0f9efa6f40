"""The graph that a polyaxonfile becomes: plain data, JSON both ways, no Airflow.

`polyaxon-airflow plan` prints it, `dag.build_dag` translates it, and a file that has not changed is loaded from
it without reading YAML. Tasks find their own node by their task id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NodeKind = Literal[
    "run",
    "trial",
    "params",
    "best",
    "tuner",
    "values",
    "gate",
    "outcome",
    "approval",
    "event",
    "hook",
    "build",
]

CRASHES = 3  # retries on top of `maxRetries`, for attempts that end because a worker was lost


@dataclass(frozen=True)
class Node:
    """One task.

    `run`: one run of an operation. `trial`: the runs of a sweep, mapped. `params`: begins a trial that is a dag.
    `best`: ends a sweep, holds its leaderboard. `tuner`: a round of an iterative sweep. `values`: makes the list that trials are mapped over.
    `gate`: decides for a whole group whether it starts. `outcome`: decides how a group, or the dag, ended.
    `approval`: waits for a person. `event`: waits for an event. `hook`: runs after a run. `build`: makes its image.
    """

    id: str  # task id, the names in the YAML joined by dots
    kind: NodeKind
    operation: str  # path of the operation in the polyaxonfile's tree; "" is the root
    upstream: tuple[str, ...] = ()  # ids, in the order of the YAML
    group: str = ""  # task group, "" is the dag itself
    trigger: str = "all_succeeded"  # Polyaxon's, of the operation
    event: str | None = None  # id of the task among `upstream` that waits for the operation's events
    decides: bool = False  # whether the trigger is decided by the task itself rather than by Airflow's rule
    pool: str = "default_pool"
    pool_slots: int = 1
    concurrency: int | None = None  # instances of this task at once in a run
    mapped: int | None = None  # number of instances; None if not mapped, or if `mapped_over` tells
    mapped_over: str | None = None  # id of the task whose output is the list of instances
    first_index: int = 0  # trial index of instance 0
    max_retries: int = 0
    most_retries: int = 0  # with any preset that a trigger may choose; of a template
    timeout: float | None = None  # seconds
    details: Mapping[str, Any] = field(default_factory=dict)  # what only this kind of node needs

    @property
    def is_attached(self) -> bool:
        """Whether it runs what belongs to another operation: a hook, a build, a tuner."""
        return "/" in self.operation

    @property
    def is_in_dag(self) -> bool:
        """Whether its run is one of a dag or a sweep. A hook is of none: no pipeline waits for it."""
        return self.kind != "hook" and (self.group != "" or self.operation.partition("/")[0] != "")


@dataclass(frozen=True)
class Group:
    """A task group: a sweep or a nested dag."""

    id: str
    operation: str
    tooltip: str = ""
    mapped: int | None = None  # for the trials of a sweep over a dag: number of instances of the whole group
    mapped_over: str | None = None  # id of the task whose output is the list of instances

    @property
    def is_mapped(self) -> bool:
        return self.mapped is not None or self.mapped_over is not None

    def holds(self, group: str) -> bool:
        """Whether a task group is this one, or inside of it."""
        return group == self.id or group.startswith(f"{self.id}.")


@dataclass(frozen=True)
class Plan:
    """What Airflow needs to know of a polyaxonfile."""

    dag_id: str
    file: str  # the polyaxonfile, absolute; "" for text
    text: str  # its YAML
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...] = ()
    owner: str = "default"
    project: str = "default"
    description: str | None = None
    tags: tuple[str, ...] = ()
    schedule: Mapping[str, Any] | None = None  # see `schedules.planned`
    events: tuple[Mapping[str, Any], ...] = ()  # those that start the dag
    params: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # name -> {default?, description, schema}
    concurrency: int | None = None  # tasks of a run at once
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # path -> compiled operation
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # those that a run may get
    reads: Mapping[str, str] = field(
        default_factory=dict
    )  # other files that went into this plan -> content hash

    @property
    def edges(self) -> Iterator[tuple[str, str]]:
        """Upstream and downstream, in the order of the nodes."""
        return ((upstream, node.id) for node in self.nodes for upstream in node.upstream)

    def node(self, task_id: str) -> Node:
        """The node of a task. Raises KeyError."""
        return next(node for node in self.nodes if node.id == task_id)

    def schemas(self) -> dict[str, Mapping[str, Any]]:
        """The JSON schemas of the params."""
        return {name: given["schema"] for name, given in self.params.items()}

    def mapped_group(self, group: str) -> Group | None:
        """The mapped group that a task group is, or is inside of."""
        return next((found for found in self.groups if found.is_mapped and found.holds(group)), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON; its mappings are those of the plan, not copies."""
        return {
            **vars(self),
            "nodes": [vars(node) for node in self.nodes],
            "groups": [vars(group) for group in self.groups],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """What `to_dict` gave, also after a JSON round trip."""
        nodes = tuple(Node(**{**node, "upstream": tuple(node["upstream"])}) for node in data["nodes"])
        groups = tuple(Group(**group) for group in data["groups"])
        more = {
            "nodes": nodes,
            "groups": groups,
            "tags": tuple(data["tags"]),
            "events": tuple(data["events"]),
        }
        return cls(**{**data, **more})


ABSENT = "absent"


def content_hash(file: Path) -> str:
    """Of the bytes of a file that goes into a plan; ABSENT if it is not there, which may change too."""
    if not file.exists():
        return ABSENT
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
