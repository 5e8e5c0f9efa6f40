"""What the store holds, as frozen values. All datetimes are aware; the store gives them back in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.points import Point

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from polyaxon_airflow.store.lifecycle import Status

PIPELINES = ("dag", "matrix")  # kinds of runs that are made of others
_UUID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Run:
    """One run: an operation that was started, a sweep or a dag as a whole, a trial.

    `begin` writes it, `set_status` moves it; `wait_time`, `duration` and the times after `created_at` are the
    store's to write.
    """

    uuid: str  # 32 lower case hex digits
    name: str
    created_at: datetime
    description: str | None = None
    owner: str | None = None
    project: str | None = None
    user: str | None = None  # who triggered it

    # Where it is in Airflow
    dag_id: str | None = None
    dag_run_id: str | None = None
    task_id: str | None = None
    map_index: int = -1
    try_number: int = 1  # of the task; reports of an earlier try are dropped

    # What it is
    kind: str | None = None  # job, service, dag, matrix, ...
    runtime: str | None = None  # within its kind: random, grid, tfjob, ...
    backend: str | None = None  # the runner: kubernetes, process
    pipeline: str | None = None  # uuid of the parent: the sweep or the dag's run
    controller: str | None = None  # uuid of the outermost parent
    trial_index: int | None = None  # in its sweep, from 0
    original: str | None = None  # uuid of the run that this one restarts, copies or was cached from
    cloning_kind: str | None = None  # restart, copy, cache
    managed_by: str | None = None
    component_state: str | None = None
    content: Mapping[str, Any] | None = (
        None  # the compiled operation; left out (None) by `find` and `children`
    )
    handle: Mapping[str, Any] | None = None  # of the runner that started it: a retry re-attaches by it

    # Where it stands
    status: Status = "created"
    reason: str | None = None  # of the status, a sentence for the person who looks at the run
    pending: str | None = None  # what it waits for: approval, upload, cache, build
    updated_at: datetime | None = None
    schedule_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    heartbeat_at: datetime | None = None  # when its task was last known to live
    wait_time: float | None = None  # seconds from created_at to started_at
    duration: float | None = None  # seconds from started_at to finished_at

    # What went in and came out
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)  # with the last value of each metric
    meta: Mapping[str, Any] = field(default_factory=dict)  # iteration, bracket, has_metrics, ...
    tags: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    artifacts_store: str | None = None
    artifacts_path: str | None = None
    framework: str | None = None

    # Where it runs and what it takes
    queue: str | None = None
    agent: str | None = None
    namespace: str | None = None
    cost: float | None = None
    cpu: float | None = None  # cores
    memory: float | None = None  # bytes
    gpu: float | None = None
    custom: float | None = None

    # Its place in the cache
    cache_key: str | None = None  # PQL calls it `state`
    cached_at: datetime | None = None  # when it claimed the key; None if it does not stand in the cache

    def __post_init__(self) -> None:
        if not _UUID.fullmatch(self.uuid):
            raise StoreError(f"a run's uuid is 32 lower case hex digits, got {self.uuid!r}")


@dataclass(frozen=True)
class Condition:
    """One status that a run had, and why. Reported again, a status keeps `since` and moves `updated_at`."""

    status: Status
    reason: str | None
    message: str | None
    since: datetime
    updated_at: datetime


class TaskKey(NamedTuple):
    """An Airflow task instance."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int


class History(NamedTuple):
    """All statuses that a task's run has had, oldest first."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int
    uuid: str
    statuses: tuple[str, ...]
    meta: Mapping[str, Any]
    has_artifacts: bool = False  # whether it has made any


@dataclass(frozen=True)
class Curve:
    """All points of one metric of one run, by step; of a step reported twice, the last value."""

    run: str
    trial_index: int | None
    metric: str
    steps: tuple[int, ...]
    values: tuple[float, ...]
    times: tuple[float, ...]  # Unix seconds
    revision: int  # grows with every report

    @property
    def points(self) -> list[Point]:
        rows = zip(self.steps, self.values, self.times, strict=True)
        return [Point(self.metric, *row) for row in rows]


@dataclass(frozen=True)
class TrialStatus:
    """How far one run of a sweep is."""

    index: int  # of the trial
    uuid: str
    status: Status


@dataclass(frozen=True)
class Suggestion:
    """The params of one trial, written once."""

    sweep: str
    index: int
    params: Mapping[str, Any]
    meta: Mapping[str, Any]  # how they came about: engine, seed, iteration, bracket, ...
    at: datetime


class ParamsTakenError(StoreError):
    """Another trial of the sweep has claimed the same params; ask again."""

    def __init__(self, sweep: str, index: int, taken_by: int) -> None:
        self.sweep, self.index, self.taken_by = sweep, index, taken_by
        super().__init__(f"trial {index} of sweep {sweep}: its params are already those of trial {taken_by}")


@dataclass(frozen=True)
class Decision:
    """That a sweep, a dag or a single run is to end, how, and why. The first one stands."""

    run: str
    status: Status  # what it ends as: succeeded, failed, stopped, skipped
    reason: str
    at: datetime
    by: str | None = None  # uuid of the run that decided, or who asked


@dataclass(frozen=True)
class CacheClaim:
    """What a run that asked the cache has to do.

    run: execute; it holds the key now. hit: take the outputs of `original`. wait: `original` is executing
    the same; ask again when it has ended.
    """

    outcome: Literal["run", "hit", "wait"]
    original: Run | None = None


@dataclass(frozen=True)
class Cursor:
    """How far a watcher of events has read, and how its last poll went."""

    name: str
    value: Any  # JSON; None before the first move
    polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    error: str | None = None  # of the last poll
    errors: int = 0  # failed polls since the last good one


@dataclass(frozen=True)
class Event:
    """Something that a watch has noticed. `number` is the store's; 0 before it is recorded."""

    key: str  # its identity within the watch: noticed twice, it is still one event
    kind: str
    label: str  # for people
    data: Mapping[str, Any]
    at: datetime
    number: int = 0


@dataclass(frozen=True)
class Artifact:
    """A file, folder, metric, image, ... that a run made or took."""

    name: str
    kind: str  # traceml's: metric, model, coderef, file, dir, ...
    path: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_input: bool = False


@dataclass(frozen=True)
class Edge:
    """That one run comes from another. Kinds: dag, event, hook, join, run, cache, build, manual, tb."""

    upstream: str
    downstream: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
