"""What Airflow knows of the task that runs a run, and what a run needs around it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from polyaxon_airflow.execution.artifacts import ArtifactsStore
    from polyaxon_airflow.execution.identity import TaskIdentity
    from polyaxon_airflow.plan import Node, Plan
    from polyaxon_airflow.runners.base import Line, Runner
    from polyaxon_airflow.runtimes.launch import Site
    from polyaxon_airflow.sections.connections import Connection
    from polyaxon_airflow.store import RunStore

Status = Literal["succeeded", "failed", "stopped", "skipped", "upstream_failed"]


@dataclass(frozen=True)
class Task:
    """One attempt of one task instance."""

    identity: TaskIdentity
    plan: Plan
    node: Node
    try_number: int = 1
    trial_index: int | None = None
    pipeline: str | None = None  # uuid of the sweep, of a trial
    conf: Mapping[str, Any] = field(default_factory=dict)  # values that were given when the dag was triggered
    schedule_at: datetime | None = None
    user: str | None = None  # who triggered the dag


@dataclass(frozen=True)
class Surroundings:
    """The services that a run uses; all of them are passed in."""

    store: RunStore
    runner: Runner
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]  # seconds
    log: Callable[[str], None]  # a sentence of ours
    log_line: Callable[[Line], None]  # a line that a container printed
    statuses: Callable[[Iterable[str]], Mapping[str, str]]  # task ids -> how Airflow sees them
    interrupted: Callable[[], str | None]  # why this task must end now
    owner: str = "default"
    project: str = "default"
    site: Site | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    artifacts: ArtifactsStore | None = None
    carried: bool = False  # whether what runs track comes to `runs_folder` over their logs
    notify: Callable[[str, Mapping[str, Any]], None] | None = (
        None  # connection, facts of a run; NotificationError
    )
    runs_folder: str = ""  # local directory of each run's artifacts, by uuid; "" if this machine has none


@dataclass(frozen=True)
class Ended:
    """How a run ended, as its task reports it."""

    status: Status
    uuid: str
    reason: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    retriable: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the event of a trigger."""
        return {**asdict(self), "outputs": dict(self.outputs)}
